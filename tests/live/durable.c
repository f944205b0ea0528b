/* What a medium would hold if the machine lost its power now: kept beside everything that is really flushed.
 *
 * With each flush of a file, what it holds; with each flush of a folder, its names and what they stand for. What was
 * written and not flushed is not kept, nor is a name whose folder was not flushed. Files in the folder DURABLE: the bytes
 * of a file, or a folder's lines `KEY NAME`, each under the key of what was flushed: its number and the time of its birth,
 * since numbers are given again. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int key(int folder, const char *name, int flags, char *text, int *is_folder) {
    struct statx about;
    if (statx(folder, name, flags, STATX_BASIC_STATS | STATX_BTIME, &about))
        return -1;
    *is_folder = S_ISDIR(about.stx_mode);
    return sprintf(text, "%llu-%lld.%09u", (unsigned long long)about.stx_ino, (long long)about.stx_btime.tv_sec,
                   about.stx_btime.tv_nsec);
}

static int keep_folder(int file, FILE *to) {
    int again = openat(file, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *all = again < 0 ? NULL : fdopendir(again);
    struct dirent *entry;
    if (!all)
        return -1;
    while ((entry = readdir(all))) {
        char text[64];
        int is_folder;
        if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..") &&
            key(again, entry->d_name, AT_SYMLINK_NOFOLLOW, text, &is_folder) > 0)
            fprintf(to, "%s %s\n", text, entry->d_name);
    }
    closedir(all);
    return 0;
}

static int keep_file(int file, FILE *to) {
    char name[64], bytes[65536];
    ssize_t length;
    int again;
    /* It may have been opened only to be written to. */
    sprintf(name, "/proc/self/fd/%d", file);
    again = open(name, O_RDONLY | O_CLOEXEC);
    if (again < 0)
        return -1;
    while ((length = read(again, bytes, sizeof bytes)) > 0)
        fwrite(bytes, 1, length, to);
    close(again);
    return length < 0 ? -1 : 0;
}

/* What is there before the flush is on the medium after it. */
static int keep(int file, const char *image, char *aside, char *place) {
    static int count;
    char text[64];
    int is_folder, kept;
    FILE *to;
    if (!image || key(file, "", AT_EMPTY_PATH, text, &is_folder) < 0)
        return -1;
    snprintf(place, PATH_MAX, "%s/%s", image, text);
    snprintf(aside, PATH_MAX, "%s/new-%d-%d", image, getpid(), __atomic_add_fetch(&count, 1, __ATOMIC_SEQ_CST));
    to = fopen(aside, "we");
    if (!to)
        return -1;
    kept = is_folder ? keep_folder(file, to) : keep_file(file, to);
    if (fclose(to))
        kept = -1;
    return kept;
}

/* One flush after the other, of all processes: an older listing must not take a newer one's place. */
static int turn(const char *image) {
    char place[PATH_MAX];
    int lock;
    if (!image)
        return -1;
    snprintf(place, PATH_MAX, "%s/lock", image);
    lock = open(place, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    while (lock >= 0 && flock(lock, LOCK_EX) && errno == EINTR)
        ;
    return lock;
}

static int flush(const char *name, int file) {
    char aside[PATH_MAX], place[PATH_MAX];
    const char *image = getenv("DURABLE");
    int lock = turn(image);
    int kept = keep(file, image, aside, place);
    int result = ((int (*)(int))dlsym(RTLD_NEXT, name))(file), why = errno;
    if (!kept && !result)
        rename(aside, place);
    if (lock >= 0)
        close(lock);
    errno = why;
    return result;
}

int fsync(int file) { return flush("fsync", file); }
int fdatasync(int file) { return flush("fdatasync", file); }
