/*
 * A test host for resource types in C: a world of one's own, in virtual time, without a cluster and without a program but the
 * test's. Include this in one file, link it with the plugin's sources, and run it:
 *
 *     #include "quorate_test.h"
 *
 *     static void it_notices_a_hang(struct qt_world *world)
 *     {
 *         struct qt_resource *server = qt_resource(world, "Server", "Web Proxy");
 *         qt_provider(server, "IP Address", "Address", "10.0.0.30");
 *         QT_EQUAL(qt_open(server), QR_ERROR_SUCCESS);
 *         QT_EQUAL(qt_online(server), QR_ERROR_SUCCESS);
 *         qt_service(world, "Server", "httpd")->hangs = 1;
 *         qt_run(world, 60 * 1000);
 *         QT_EQUAL(qt_state(server), QT_FAILED);
 *     }
 *
 *     int main(void)
 *     {
 *         QT_TEST(it_notices_a_hang);
 *         return qt_end();
 *     }
 *
 * What a resource asks for is answered by the world, whose fields a test may change at any time; nothing forces the answer of a
 * check. The host's services are there but for scripts. A call with an instance that no entry runs of is refused
 * (QR_ERROR_ACCESS_DENIED) and counted (qt_strays). Texts are cut off after QT_TEXT - 1 bytes, and there are no more than
 * QT_MOST things of a kind: a test that goes beyond ends with a message.
 *
 * The conformance tester (`quorate plugin check`) and drills see more: this is for what is quickly said in C.
 */
#ifndef QUORATE_TEST_H
#define QUORATE_TEST_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quorate.h"

#define QT_TEXT 256
#define QT_MOST 32
/* How long an operation may be pending without progress, where the type does not say. */
#define QT_PENDING_MS (180u * 1000u)
/* How long a service takes to start and to stop. */
#define QT_START_MS 1000u
#define QT_STOP_MS 500u

enum qt_state { QT_OFFLINE, QT_PENDING, QT_ONLINE, QT_FAILED };

/* A text with a name: a property, a checkpoint, a file, a network name. */
struct qt_text {
    char name[QT_TEXT];
    uint8_t bytes[QR_CHECKPOINT_BYTES_MAX];
    uint64_t len;
};

/* A service of a resource's own. */
struct qt_service {
    char resource[QT_TEXT];
    char name[QT_TEXT];
    uint32_t state;   /* QR_SERVICE_... */
    uint64_t done_at; /* when what is pending is done, in milliseconds */
    uint32_t starts;  /* how often it was started */
    char address[QT_TEXT];
    uint32_t port; /* where it answers; 0: nowhere */
    char protocol[QT_TEXT];
    /* What a test may break. */
    int hangs;            /* it runs, and answers nobody */
    uint32_t fail_starts; /* so many of its next starts fail */
    const char *banner;   /* what it says first; NULL: what is right for its protocol */
    struct qt_text *answers[QT_MOST]; /* what it answers to requests: see qt_answers */
};

struct qt_disk {
    char name[QT_TEXT];
    int fails;       /* it answers nobody */
    uint32_t holder; /* QR_RESERVATION_... */
    int mounted;
    struct qt_text *files[QT_MOST];
};

struct qt_provider {
    char type[QT_TEXT];
    char name[QT_TEXT];
    struct qt_text *properties[QT_MOST];
};

struct qt_resource;

/* The world: everything that a resource can ask for. */
struct qt_world {
    uint64_t now_ms;
    int64_t civil_ms;
    uint32_t nodes; /* how many are configured */
    int refuses;    /* not 0: every service answers with this error */
    int network_fails;
    struct qt_resource *resources[QT_MOST];
    struct qt_service *services[QT_MOST];
    struct qt_disk *disks[QT_MOST];
    struct qt_text *addresses[QT_MOST]; /* on this node's cards */
    struct qt_text *names[QT_MOST];     /* in the name server */
    char log[64 * 1024];                /* all lines of the cluster log */
};

/* A resource under test. */
struct qt_resource {
    struct qt_world *world;
    char name[QT_TEXT];
    const struct QrType *type;
    const struct QrTable *table;
    QrResid resid;
    int is_open;
    int inside; /* whether an entry of it runs */
    enum qt_state state;
    uint64_t work_at, looks_at, alive_at, until; /* when something is due; 0: never */
    int going_offline;
    uint32_t checkpoint;
    struct qt_text *properties[QT_MOST];
    struct qt_text *published[QT_MOST];
    struct qt_text *checkpoints[QT_MOST];
    struct qt_provider *providers[QT_MOST];
};

static int qt_failures;
static int qt_tests;
static uint64_t qt_stray_calls;

#define QT_CHECK(holds)                                                                                                \
    do {                                                                                                               \
        if (!(holds)) {                                                                                                \
            qt_failures++;                                                                                             \
            fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #holds);                                  \
        }                                                                                                              \
    } while (0)
#define QT_EQUAL(is, wanted)                                                                                           \
    do {                                                                                                               \
        long long qt_is = (long long)(is), qt_wanted = (long long)(wanted);                                            \
        if (qt_is != qt_wanted) {                                                                                      \
            qt_failures++;                                                                                             \
            fprintf(stderr, "%s:%d: %s is %lld, and %s is %lld\n", __FILE__, __LINE__, #is, qt_is, #wanted, qt_wanted); \
        }                                                                                                              \
    } while (0)
#define QT_TEXT_EQUAL(is, wanted)                                                                                      \
    do {                                                                                                               \
        const char *qt_is = (is), *qt_wanted = (wanted);                                                               \
        if (strcmp(qt_is, qt_wanted) != 0) {                                                                           \
            qt_failures++;                                                                                             \
            fprintf(stderr, "%s:%d: %s is \"%s\", not \"%s\"\n", __FILE__, __LINE__, #is, qt_is, qt_wanted);           \
        }                                                                                                              \
    } while (0)
/* Runs a test in a world of its own. */
#define QT_TEST(test)                                                                                                  \
    do {                                                                                                               \
        int qt_before = qt_failures;                                                                                   \
        struct qt_world *qt_world = qt_new();                                                                          \
        test(qt_world);                                                                                                \
        qt_free(qt_world);                                                                                             \
        qt_tests++;                                                                                                    \
        printf("%s  %s\n", qt_failures == qt_before ? "passed" : "FAILED", #test);                                     \
    } while (0)

/* ---- Small things ---- */

static inline void *qt_make(size_t size)
{
    void *made = calloc(1, size);
    if (made == NULL) {
        fprintf(stderr, "quorate_test.h: no memory\n");
        exit(70);
    }
    return made;
}

/* Puts something into the next place of a list. */
static inline void qt_put(void **list, void *thing, const char *what)
{
    for (int i = 0; i < QT_MOST; i++) {
        if (list[i] == NULL) {
            list[i] = thing;
            return;
        }
    }
    fprintf(stderr, "quorate_test.h: more than %d %s\n", QT_MOST, what);
    exit(70);
}

static inline void qt_cut(char *to, const uint8_t *from, uint64_t len)
{
    uint64_t most = len < QT_TEXT - 1 ? len : QT_TEXT - 1;
    if (most > 0) {
        memcpy(to, from, most);
    }
    to[most] = '\0';
}

static inline struct QrStr qt_str(const char *text)
{
    struct QrStr str = { (const uint8_t *)text, strlen(text) };
    return str;
}

/* Names are compared without regard to case, as the host compares those of properties. */
static inline int qt_same(const char *one, const char *other)
{
    while (*one != '\0' && *other != '\0') {
        int a = *one++, b = *other++;
        a = a >= 'A' && a <= 'Z' ? a + 32 : a;
        b = b >= 'A' && b <= 'Z' ? b + 32 : b;
        if (a != b) {
            return 0;
        }
    }
    return *one == *other;
}

static inline struct qt_text *qt_find(struct qt_text **list, const char *name)
{
    for (int i = 0; i < QT_MOST && list[i] != NULL; i++) {
        if (qt_same(list[i]->name, name)) {
            return list[i];
        }
    }
    return NULL;
}

static inline void qt_keep(struct qt_text **list, const char *name, const uint8_t *bytes, uint64_t len)
{
    struct qt_text *text = qt_find(list, name);
    if (text == NULL) {
        text = qt_make(sizeof *text);
        qt_cut(text->name, (const uint8_t *)name, strlen(name));
        qt_put((void **)list, text, "texts");
    }
    text->len = len < sizeof text->bytes ? len : sizeof text->bytes;
    if (text->len > 0) {
        memcpy(text->bytes, bytes, text->len);
    }
}

static inline uint32_t qt_give(const uint8_t *bytes, uint64_t len, uint8_t *buffer, uint64_t buffer_len, uint64_t *needed)
{
    if (needed != NULL) {
        *needed = len;
    }
    if (len > buffer_len) {
        return QR_ERROR_MORE_DATA;
    }
    if (len > 0) {
        memcpy(buffer, bytes, len);
    }
    return QR_ERROR_SUCCESS;
}

/* ---- What a test says ---- */

static inline struct qt_world *qt_new(void)
{
    struct qt_world *world = qt_make(sizeof *world);
    world->now_ms = 1000;
    world->civil_ms = 1055404800000; /* 2003-06-12 08:00 UTC */
    world->nodes = 2;
    return world;
}

static inline void qt_close(struct qt_resource *resource);

static inline void qt_free_all(void **list)
{
    for (int i = 0; i < QT_MOST && list[i] != NULL; i++) {
        free(list[i]);
    }
}

static inline void qt_free(struct qt_world *world)
{
    for (int i = 0; i < QT_MOST && world->resources[i] != NULL; i++) {
        struct qt_resource *resource = world->resources[i];
        qt_close(resource);
        for (int j = 0; j < QT_MOST && resource->providers[j] != NULL; j++) {
            qt_free_all((void **)resource->providers[j]->properties);
        }
        qt_free_all((void **)resource->providers);
        qt_free_all((void **)resource->properties);
        qt_free_all((void **)resource->published);
        qt_free_all((void **)resource->checkpoints);
    }
    for (int i = 0; i < QT_MOST && world->disks[i] != NULL; i++) {
        qt_free_all((void **)world->disks[i]->files);
    }
    for (int i = 0; i < QT_MOST && world->services[i] != NULL; i++) {
        qt_free_all((void **)world->services[i]->answers);
    }
    qt_free_all((void **)world->resources);
    qt_free_all((void **)world->services);
    qt_free_all((void **)world->disks);
    qt_free_all((void **)world->addresses);
    qt_free_all((void **)world->names);
    free(world);
}

/* How many calls of services came from outside an entry of the resource that they named. */
static inline uint64_t qt_strays(void)
{
    return qt_stray_calls;
}

/* Says how many tests there were; what `main` returns. */
static inline int qt_end(void)
{
    printf("%d tests, %d checks failed\n", qt_tests, qt_failures);
    return qt_failures == 0 ? 0 : 1;
}

/* The service of a resource's: as it is, or as it will be. */
static inline struct qt_service *qt_service(struct qt_world *world, const char *resource, const char *name)
{
    for (int i = 0; i < QT_MOST && world->services[i] != NULL; i++) {
        struct qt_service *service = world->services[i];
        if (strcmp(service->resource, resource) == 0 && strcmp(service->name, name) == 0) {
            return service;
        }
    }
    struct qt_service *service = qt_make(sizeof *service);
    qt_cut(service->resource, (const uint8_t *)resource, strlen(resource));
    qt_cut(service->name, (const uint8_t *)name, strlen(name));
    service->state = QR_SERVICE_STOPPED;
    qt_put((void **)world->services, service, "services");
    return service;
}

/* What it answers to a request, without the ends of the lines. */
static inline void qt_answers(struct qt_service *service, const char *request, const char *text)
{
    qt_keep(service->answers, request, (const uint8_t *)text, strlen(text));
}

/* Its process dies. */
static inline void qt_crash(struct qt_service *service)
{
    service->state = QR_SERVICE_STOPPED;
    service->port = 0;
    service->hangs = 0;
}

static inline struct qt_disk *qt_disk(struct qt_world *world, const char *name)
{
    for (int i = 0; i < QT_MOST && world->disks[i] != NULL; i++) {
        if (strcmp(world->disks[i]->name, name) == 0) {
            return world->disks[i];
        }
    }
    struct qt_disk *disk = qt_make(sizeof *disk);
    qt_cut(disk->name, (const uint8_t *)name, strlen(name));
    qt_put((void **)world->disks, disk, "disks");
    return disk;
}

static const struct QrHost qt_host;

/* A resource of a type of the plugin's, before it is opened. */
static inline struct qt_resource *qt_resource(struct qt_world *world, const char *name, const char *type)
{
    const struct QrPlugin *plugin = quorate_plugin_v1();
    struct qt_resource *resource = qt_make(sizeof *resource);
    resource->world = world;
    qt_cut(resource->name, (const uint8_t *)name, strlen(name));
    for (uint32_t i = 0; i < plugin->type_count; i++) {
        const struct QrType *known = (const struct QrType *)((const char *)plugin->types + i * plugin->types->size);
        if (known->name.len == strlen(type) && memcmp(known->name.ptr, type, known->name.len) == 0) {
            resource->type = known;
        }
    }
    if (resource->type == NULL
        || plugin->startup(qt_str(type), QR_ABI_VERSION_1_00, QR_ABI_VERSION_1_00, &qt_host, &resource->table)
               != QR_ERROR_SUCCESS) {
        fprintf(stderr, "quorate_test.h: the plugin has no type \"%s\", or does not start it\n", type);
        exit(70);
    }
    qt_put((void **)world->resources, resource, "resources");
    return resource;
}

static inline void qt_set(struct qt_resource *resource, const char *property, const char *value)
{
    qt_keep(resource->properties, property, (const uint8_t *)value, strlen(value));
}

/* Makes it depend on a resource of another type, which has this property. Each type once; more properties of the same type are
 * those of the same resource. */
static inline void qt_provider(struct qt_resource *resource, const char *type, const char *property, const char *value)
{
    struct qt_provider *provider = NULL;
    for (int i = 0; i < QT_MOST && resource->providers[i] != NULL; i++) {
        if (strcmp(resource->providers[i]->type, type) == 0) {
            provider = resource->providers[i];
        }
    }
    if (provider == NULL) {
        provider = qt_make(sizeof *provider);
        qt_cut(provider->type, (const uint8_t *)type, strlen(type));
        snprintf(provider->name, sizeof provider->name, "%.100s of %.100s", type, resource->name);
        qt_put((void **)resource->providers, provider, "providers");
    }
    qt_keep(provider->properties, property, (const uint8_t *)value, strlen(value));
}

/* ---- Calls of the entries ---- */

static inline enum qt_state qt_state(const struct qt_resource *resource)
{
    return resource->state;
}

/* The type's last error in its own words. It stays until the next call of this. */
static inline const char *qt_last_error(struct qt_resource *resource)
{
    static uint8_t text[QT_TEXT];
    text[0] = '\0';
    if (resource->is_open && QR_HAS(QrTable, resource->table, last_error)) {
        resource->inside++;
        uint64_t len = resource->table->last_error(resource->resid, text, sizeof text - 1);
        resource->inside--;
        text[len < sizeof text - 1 ? len : sizeof text - 1] = '\0';
    }
    return (const char *)text;
}

static inline uint32_t qt_open(struct qt_resource *resource)
{
    if (resource->is_open) {
        return QR_ERROR_SUCCESS;
    }
    resource->inside++;
    uint32_t code = resource->table->open(qt_str(resource->name), (const struct QrInstance *)resource, &resource->resid);
    resource->inside--;
    resource->is_open = code == QR_ERROR_SUCCESS;
    resource->state = QT_OFFLINE;
    return code;
}

static inline void qt_rest(struct qt_resource *resource, enum qt_state state)
{
    resource->state = state;
    resource->work_at = resource->looks_at = resource->alive_at = resource->until = 0;
    if (state == QT_ONLINE) {
        resource->looks_at = resource->world->now_ms + resource->type->looks_alive_ms;
        resource->alive_at = resource->world->now_ms + resource->type->is_alive_ms;
    }
}

static inline void qt_terminate(struct qt_resource *resource)
{
    if (!resource->is_open) {
        return;
    }
    resource->inside++;
    resource->table->terminate(resource->resid);
    resource->inside--;
    qt_rest(resource, QT_OFFLINE);
}

static inline void qt_close(struct qt_resource *resource)
{
    if (!resource->is_open) {
        return;
    }
    if (resource->state != QT_OFFLINE) {
        qt_terminate(resource);
    }
    resource->inside++;
    resource->table->close(resource->resid);
    resource->inside--;
    resource->is_open = 0;
}

static inline void qt_fail(struct qt_resource *resource)
{
    qt_terminate(resource);
    resource->state = QT_FAILED;
}

static inline int qt_looks_alive(struct qt_resource *resource)
{
    resource->inside++;
    uint32_t answer = resource->table->looks_alive(resource->resid);
    resource->inside--;
    return answer != 0;
}

static inline int qt_is_alive(struct qt_resource *resource)
{
    resource->inside++;
    uint32_t answer = resource->table->is_alive(resource->resid);
    resource->inside--;
    return answer != 0;
}

/* Acts on what an entry that may take time has answered. */
static inline void qt_answered(struct qt_resource *resource, uint32_t code, const struct QrWork *work, int operation)
{
    uint64_t now = resource->world->now_ms;
    uint64_t limit = resource->type->pending_timeout_ms != 0 ? resource->type->pending_timeout_ms : QT_PENDING_MS;
    if (operation && code == QR_ERROR_IO_PENDING) {
        if (resource->state != QT_PENDING || work->checkpoint > resource->checkpoint) {
            resource->until = now + limit;
        }
        resource->checkpoint = work->checkpoint;
        resource->state = QT_PENDING;
        resource->looks_at = resource->alive_at = 0;
        resource->work_at = now + (work->wait_ms > 0 ? work->wait_ms : 1);
        return;
    }
    if (operation && code != QR_ERROR_SUCCESS) {
        qt_fail(resource);
        return;
    }
    if (operation) {
        qt_rest(resource, resource->going_offline ? QT_OFFLINE : QT_ONLINE);
    }
    resource->work_at = work->wait_ms > 0 ? now + work->wait_ms : 0;
    if (resource->state == QT_ONLINE && (work->signal != 0 || code != QR_ERROR_SUCCESS) && !qt_is_alive(resource)) {
        qt_fail(resource);
    }
}

static inline uint32_t qt_begin(struct qt_resource *resource, int going_offline)
{
    struct QrWork work = { .size = sizeof work };
    resource->going_offline = going_offline;
    resource->checkpoint = 0;
    resource->inside++;
    uint32_t code = going_offline ? resource->table->offline(resource->resid, &work)
                                  : resource->table->online(resource->resid, &work);
    resource->inside--;
    qt_answered(resource, code, &work, 1);
    return code;
}

/* Begins to bring it online: 0, QR_ERROR_IO_PENDING, or an error. */
static inline uint32_t qt_begin_online(struct qt_resource *resource)
{
    return qt_begin(resource, 0);
}

static inline void qt_due(struct qt_resource *resource)
{
    uint64_t now = resource->world->now_ms;
    if (resource->work_at != 0 && resource->work_at <= now) {
        struct QrWork work = { .size = sizeof work };
        int operation = resource->state == QT_PENDING;
        resource->work_at = 0;
        uint32_t code = QR_ERROR_INVALID_FUNCTION;
        if (QR_HAS(QrTable, resource->table, work)) {
            resource->inside++;
            code = resource->table->work(resource->resid, &work);
            resource->inside--;
        }
        qt_answered(resource, code, &work, operation);
    }
    if (resource->state == QT_PENDING && resource->until <= now) {
        qt_fail(resource);
    }
    if (resource->state == QT_ONLINE && resource->looks_at <= now) {
        resource->looks_at = now + resource->type->looks_alive_ms;
        if (!qt_looks_alive(resource) && !qt_is_alive(resource)) {
            qt_fail(resource);
        }
    }
    if (resource->state == QT_ONLINE && resource->alive_at <= now) {
        resource->alive_at = now + resource->type->is_alive_ms;
        if (!qt_is_alive(resource)) {
            qt_fail(resource);
        }
    }
}

/* The next moment at which something is due, or `until`. */
static inline uint64_t qt_next(const struct qt_world *world, uint64_t until)
{
    for (int i = 0; i < QT_MOST && world->resources[i] != NULL; i++) {
        const struct qt_resource *resource = world->resources[i];
        uint64_t due[] = { resource->work_at, resource->looks_at, resource->alive_at,
                           resource->state == QT_PENDING ? resource->until : 0 };
        for (size_t j = 0; resource->is_open && j < sizeof due / sizeof *due; j++) {
            if (due[j] != 0 && due[j] < until) {
                until = due[j] > world->now_ms ? due[j] : world->now_ms;
            }
        }
    }
    return until;
}

/* Lets time pass: pending operations go on, and checks are made at the type's intervals. */
static inline void qt_run(struct qt_world *world, uint64_t ms)
{
    uint64_t until = world->now_ms + ms;
    for (;;) {
        uint64_t now = qt_next(world, until);
        world->civil_ms += (int64_t)(now - world->now_ms);
        world->now_ms = now;
        for (int i = 0; i < QT_MOST && world->resources[i] != NULL; i++) {
            if (world->resources[i]->is_open) {
                qt_due(world->resources[i]);
            }
        }
        if (now >= until) {
            return;
        }
    }
}

/* Lets time pass until nothing of it is pending. Returns 0, or the error that it ended with. */
static inline uint32_t qt_until_done(struct qt_resource *resource, uint32_t code)
{
    while (resource->state == QT_PENDING) {
        uint64_t next = qt_next(resource->world, resource->until);
        qt_run(resource->world, next - resource->world->now_ms);
        code = resource->state == QT_FAILED ? QR_ERROR_RESOURCE_FAILED : QR_ERROR_SUCCESS;
    }
    return code;
}

/* Brings it online, whatever time that takes. */
static inline uint32_t qt_online(struct qt_resource *resource)
{
    return qt_until_done(resource, qt_begin(resource, 0));
}

static inline uint32_t qt_offline(struct qt_resource *resource)
{
    return qt_until_done(resource, qt_begin(resource, 1));
}

/* Asks by a control code. `needed` is how long the answer is. */
static inline uint32_t qt_control(struct qt_resource *resource, uint32_t code, const char *input, uint8_t *output,
                                  uint64_t output_len, uint64_t *needed)
{
    if (!QR_HAS(QrTable, resource->table, resource_control)) {
        return QR_ERROR_INVALID_FUNCTION;
    }
    resource->inside++;
    uint32_t answer = resource->table->resource_control(resource->resid, code, (const uint8_t *)input, strlen(input),
                                                        output, output_len, needed);
    resource->inside--;
    return answer;
}

/* ---- The host's services ---- */

/* The resource that calls, if one of its entries runs; NULL otherwise. */
static inline struct qt_resource *qt_caller(const struct QrInstance *instance)
{
    struct qt_resource *resource = (struct qt_resource *)(uintptr_t)instance;
    if (resource == NULL || resource->inside == 0) {
        qt_stray_calls++;
        return NULL;
    }
    return resource;
}

/* The caller, or an error at once: nobody, or a world that refuses everything. */
#define QT_CALLER(resource)                                                                                            \
    struct qt_resource *resource = qt_caller(instance);                                                                \
    if (resource == NULL) {                                                                                            \
        return QR_ERROR_ACCESS_DENIED;                                                                                 \
    }                                                                                                                  \
    if (resource->world->refuses != 0) {                                                                               \
        return (uint32_t)resource->world->refuses;                                                                     \
    }

static inline uint64_t qt_now(const struct QrInstance *instance)
{
    struct qt_resource *resource = qt_caller(instance);
    return resource == NULL ? 0 : resource->world->now_ms;
}

static inline int64_t qt_civil(const struct QrInstance *instance)
{
    struct qt_resource *resource = qt_caller(instance);
    return resource == NULL ? 0 : resource->world->civil_ms;
}

static inline uint64_t qt_random(const struct QrInstance *instance)
{
    static uint64_t state = 1;
    (void)qt_caller(instance);
    state = state * 6364136223846793005u + 1442695040888963407u;
    return state >> 11;
}

static inline uint32_t qt_default(const struct qt_resource *resource, const char *name, uint8_t *buffer, uint64_t buffer_len,
                           uint64_t *needed)
{
    for (uint32_t i = 0; i < resource->type->property_count; i++) {
        const struct QrProperty *known = (const struct QrProperty *)((const char *)resource->type->properties
                                                                     + i * resource->type->properties->size);
        char text[QT_TEXT];
        qt_cut(text, known->name.ptr, known->name.len);
        if (qt_same(text, name)) {
            return qt_give(known->default_.ptr, known->default_.len, buffer, buffer_len, needed);
        }
    }
    return QR_ERROR_NOT_FOUND;
}

static inline uint32_t qt_get(const struct QrInstance *instance, struct QrStr name, uint8_t *buffer, uint64_t buffer_len,
                       uint64_t *needed)
{
    char text[QT_TEXT];
    QT_CALLER(resource)
    qt_cut(text, name.ptr, name.len);
    struct qt_text *found = qt_find(resource->properties, text);
    return found != NULL ? qt_give(found->bytes, found->len, buffer, buffer_len, needed)
                         : qt_default(resource, text, buffer, buffer_len, needed);
}

static inline uint32_t qt_get_u32(const struct QrInstance *instance, struct QrStr name, uint32_t *value)
{
    char text[QT_TEXT];
    uint64_t len = 0;
    uint32_t code = qt_get(instance, name, (uint8_t *)text, sizeof text - 1, &len);
    if (code != QR_ERROR_SUCCESS) {
        return code;
    }
    text[len] = '\0';
    char *end = text;
    unsigned long number = strtoul(text, &end, 10);
    if (len == 0 || *end != '\0' || number > UINT32_MAX) {
        return QR_ERROR_INVALID_PARAMETER;
    }
    *value = (uint32_t)number;
    return QR_ERROR_SUCCESS;
}

static inline struct qt_provider *qt_provider_at(struct qt_resource *resource, struct QrStr type, uint32_t index)
{
    char text[QT_TEXT];
    qt_cut(text, type.ptr, type.len);
    for (int i = 0; i < QT_MOST && resource->providers[i] != NULL; i++) {
        if (strcmp(resource->providers[i]->type, text) == 0 && index-- == 0) {
            return resource->providers[i];
        }
    }
    return NULL;
}

static inline uint32_t qt_provider_count(const struct QrInstance *instance, struct QrStr type)
{
    struct qt_resource *resource = qt_caller(instance);
    return resource != NULL && qt_provider_at(resource, type, 0) != NULL ? 1 : 0;
}

static inline uint32_t qt_provider_name(const struct QrInstance *instance, struct QrStr type, uint32_t index, uint8_t *buffer,
                                 uint64_t buffer_len, uint64_t *needed)
{
    QT_CALLER(resource)
    struct qt_provider *provider = qt_provider_at(resource, type, index);
    if (provider == NULL) {
        return QR_ERROR_NOT_FOUND;
    }
    return qt_give((const uint8_t *)provider->name, strlen(provider->name), buffer, buffer_len, needed);
}

static inline uint32_t qt_provider_get(const struct QrInstance *instance, struct QrStr type, uint32_t index, struct QrStr name,
                                uint8_t *buffer, uint64_t buffer_len, uint64_t *needed)
{
    char text[QT_TEXT];
    QT_CALLER(resource)
    struct qt_provider *provider = qt_provider_at(resource, type, index);
    qt_cut(text, name.ptr, name.len);
    struct qt_text *found = provider == NULL ? NULL : qt_find(provider->properties, text);
    return found == NULL ? QR_ERROR_NOT_FOUND : qt_give(found->bytes, found->len, buffer, buffer_len, needed);
}

static inline uint32_t qt_publish(const struct QrInstance *instance, struct QrStr name, struct QrStr value)
{
    char text[QT_TEXT];
    QT_CALLER(resource)
    qt_cut(text, name.ptr, name.len);
    qt_keep(resource->published, text, value.ptr, value.len);
    return QR_ERROR_SUCCESS;
}

/* A service of the caller's, with what has become of it by now. */
static inline struct qt_service *qt_of(struct qt_resource *resource, struct QrStr name)
{
    char text[QT_TEXT];
    qt_cut(text, name.ptr, name.len);
    struct qt_service *service = qt_service(resource->world, resource->name, text);
    if (service->state == QR_SERVICE_START_PENDING && service->done_at <= resource->world->now_ms) {
        service->state = QR_SERVICE_RUNNING;
    } else if (service->state == QR_SERVICE_STOP_PENDING && service->done_at <= resource->world->now_ms) {
        service->state = QR_SERVICE_STOPPED;
    }
    return service;
}

static inline uint32_t qt_start_with(const struct QrInstance *instance, struct QrStr name, uint64_t work_units,
                              struct QrStr parameters, struct QrStr directory)
{
    (void)parameters;
    (void)directory;
    QT_CALLER(resource)
    struct qt_service *service = qt_of(resource, name);
    if (service->fail_starts > 0) {
        service->fail_starts--;
        return QR_ERROR_SERVICE_REQUEST_TIMEOUT;
    }
    if (service->state == QR_SERVICE_STOPPED) {
        service->starts++;
        service->state = QR_SERVICE_START_PENDING;
        service->done_at = resource->world->now_ms + QT_START_MS + work_units * QR_SERVICE_WORK_UNIT_MS;
    }
    return QR_ERROR_SUCCESS;
}

static inline uint32_t qt_start(const struct QrInstance *instance, struct QrStr name, uint64_t work_units)
{
    return qt_start_with(instance, name, work_units, qt_str(""), qt_str(""));
}

static inline uint32_t qt_stop(const struct QrInstance *instance, struct QrStr name)
{
    QT_CALLER(resource)
    struct qt_service *service = qt_of(resource, name);
    if (service->state == QR_SERVICE_STOPPED) {
        return QR_ERROR_SERVICE_NOT_ACTIVE;
    }
    service->port = 0;
    service->state = QR_SERVICE_STOP_PENDING;
    service->done_at = service->hangs ? UINT64_MAX : resource->world->now_ms + QT_STOP_MS;
    return QR_ERROR_SUCCESS;
}

static inline uint32_t qt_kill(const struct QrInstance *instance, struct QrStr name)
{
    QT_CALLER(resource)
    qt_crash(qt_of(resource, name));
    return QR_ERROR_SUCCESS;
}

static inline uint32_t qt_service_state(const struct QrInstance *instance, struct QrStr name, uint32_t *state)
{
    QT_CALLER(resource)
    *state = qt_of(resource, name)->state;
    return QR_ERROR_SUCCESS;
}

static inline uint32_t qt_listen(const struct QrInstance *instance, struct QrStr name, struct QrStr address, uint32_t port,
                          struct QrStr protocol, uint32_t on)
{
    QT_CALLER(resource)
    struct qt_service *service = qt_of(resource, name);
    if (service->state != QR_SERVICE_RUNNING) {
        return QR_ERROR_SERVICE_NOT_ACTIVE;
    }
    qt_cut(service->address, address.ptr, address.len);
    qt_cut(service->protocol, protocol.ptr, protocol.len);
    service->port = on ? port : 0;
    return QR_ERROR_SUCCESS;
}

static inline uint32_t qt_probe_service(const struct QrInstance *instance, struct QrStr name)
{
    QT_CALLER(resource)
    struct qt_service *service = qt_of(resource, name);
    if (service->state != QR_SERVICE_RUNNING) {
        return QR_ERROR_SERVICE_NOT_ACTIVE;
    }
    return service->hangs ? QR_ERROR_TIMEOUT : QR_ERROR_SUCCESS;
}

static inline const char *qt_banner(const struct qt_service *service, char *made)
{
    static const char *const known[][2] = { { "http", "HTTP/1.1 200 OK" }, { "smtp", "220 ready" },
                                            { "imap4", "* OK ready" },     { "pop3", "+OK ready" } };
    if (service->banner != NULL) {
        return service->banner;
    }
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(known[i][0], service->protocol) == 0) {
            return known[i][1];
        }
    }
    snprintf(made, 2 * QT_TEXT + 16, "%s %s ready", service->protocol, service->resource);
    return made;
}

/* The service that answers there: 0, or an error. */
static inline uint32_t qt_called(struct qt_resource *resource, struct QrStr address, uint32_t port,
                                 struct qt_service **found)
{
    char text[QT_TEXT];
    qt_cut(text, address.ptr, address.len);
    if (resource->world->network_fails) {
        return QR_ERROR_NETNAME_DELETED;
    }
    for (int i = 0; i < QT_MOST && resource->world->services[i] != NULL; i++) {
        struct qt_service *service = resource->world->services[i];
        if (service->state == QR_SERVICE_RUNNING && service->port == port && strcmp(service->address, text) == 0) {
            *found = service;
            return service->hangs ? QR_ERROR_TIMEOUT : QR_ERROR_SUCCESS;
        }
    }
    return QR_ERROR_CONNECTION_REFUSED;
}

static inline uint32_t qt_probe_port(const struct QrInstance *instance, struct QrStr address, uint32_t port,
                                     struct QrStr protocol, uint8_t *buffer, uint64_t buffer_len, uint64_t *needed)
{
    char made[2 * QT_TEXT + 16];
    struct qt_service *service = NULL;
    (void)protocol;
    QT_CALLER(resource)
    uint32_t code = qt_called(resource, address, port, &service);
    if (code != QR_ERROR_SUCCESS) {
        return code;
    }
    const char *banner = qt_banner(service, made);
    return qt_give((const uint8_t *)banner, strlen(banner), buffer, buffer_len, needed);
}

static inline uint32_t qt_probe_ask(const struct QrInstance *instance, struct QrStr address, uint32_t port,
                                    struct QrStr request, uint8_t *buffer, uint64_t buffer_len, uint64_t *needed)
{
    char made[2 * QT_TEXT + 16], asked[QT_TEXT];
    struct qt_service *service = NULL;
    QT_CALLER(resource)
    uint32_t code = qt_called(resource, address, port, &service);
    if (code != QR_ERROR_SUCCESS) {
        return code;
    }
    qt_cut(asked, request.ptr, request.len);
    asked[strcspn(asked, "\r\n")] = '\0';
    struct qt_text *told = qt_find(service->answers, asked);
    if (told != NULL) {
        return qt_give(told->bytes, told->len, buffer, buffer_len, needed);
    }
    const char *answer = strcmp(asked, "PING") == 0 ? "+PONG" : qt_banner(service, made);
    return qt_give((const uint8_t *)answer, strlen(answer), buffer, buffer_len, needed);
}

/* A disk that answers; NULL if it does not. */
static inline struct qt_disk *qt_disk_of(struct qt_resource *resource, struct QrStr name)
{
    char text[QT_TEXT];
    qt_cut(text, name.ptr, name.len);
    struct qt_disk *disk = qt_disk(resource->world, text);
    return disk->fails ? NULL : disk;
}

#define QT_DISK(resource, disk)                                                                                        \
    QT_CALLER(resource)                                                                                                \
    struct qt_disk *disk = qt_disk_of(resource, name);                                                                 \
    if (disk == NULL) {                                                                                                \
        return QR_ERROR_NOT_READY;                                                                                     \
    }

static inline uint32_t qt_reserve(const struct QrInstance *instance, struct QrStr name)
{
    QT_DISK(resource, disk)
    if (disk->holder == QR_RESERVATION_ELSEWHERE) {
        return QR_ERROR_BUSY;
    }
    disk->holder = QR_RESERVATION_HERE;
    return QR_ERROR_SUCCESS;
}

static inline uint32_t qt_break(const struct QrInstance *instance, struct QrStr name)
{
    QT_DISK(resource, disk)
    disk->holder = QR_RESERVATION_NOBODY;
    return QR_ERROR_SUCCESS;
}

static inline uint32_t qt_release(const struct QrInstance *instance, struct QrStr name)
{
    QT_DISK(resource, disk)
    disk->holder = disk->holder == QR_RESERVATION_HERE ? QR_RESERVATION_NOBODY : disk->holder;
    return QR_ERROR_SUCCESS;
}

static inline uint32_t qt_reserved(const struct QrInstance *instance, struct QrStr name, uint32_t *held)
{
    QT_DISK(resource, disk)
    *held = disk->holder == QR_RESERVATION_HERE;
    return QR_ERROR_SUCCESS;
}

static inline uint32_t qt_reservation(const struct QrInstance *instance, struct QrStr name, uint32_t *holder)
{
    QT_DISK(resource, disk)
    *holder = disk->holder;
    return QR_ERROR_SUCCESS;
}

static inline uint32_t qt_mount(const struct QrInstance *instance, struct QrStr name)
{
    QT_DISK(resource, disk)
    if (disk->holder != QR_RESERVATION_HERE) {
        return QR_ERROR_ACCESS_DENIED;
    }
    disk->mounted = 1;
    return QR_ERROR_SUCCESS;
}

static inline uint32_t qt_unmount(const struct QrInstance *instance, struct QrStr name, uint32_t force)
{
    char text[QT_TEXT];
    QT_CALLER(resource)
    qt_cut(text, name.ptr, name.len);
    struct qt_disk *disk = qt_disk(resource->world, text);
    if (disk->fails && !force) {
        return QR_ERROR_NOT_READY;
    }
    disk->mounted = 0;
    return QR_ERROR_SUCCESS;
}

#define QT_MOUNTED(disk)                                                                                               \
    if (!disk->mounted || disk->holder != QR_RESERVATION_HERE) {                                                       \
        return QR_ERROR_NOT_READY;                                                                                     \
    }

static inline uint32_t qt_list(const struct QrInstance *instance, struct QrStr name, uint8_t *buffer, uint64_t buffer_len,
                        uint64_t *needed)
{
    char all[QT_MOST * (QT_TEXT + 1)];
    size_t len = 0;
    QT_DISK(resource, disk)
    QT_MOUNTED(disk)
    for (int i = 0; i < QT_MOST && disk->files[i] != NULL; i++) {
        len += (size_t)snprintf(all + len, sizeof all - len, "%s%s", len > 0 ? "\n" : "", disk->files[i]->name);
    }
    return qt_give((const uint8_t *)all, len, buffer, buffer_len, needed);
}

static inline uint32_t qt_write(const struct QrInstance *instance, struct QrStr name, struct QrStr file, const uint8_t *bytes,
                         uint64_t bytes_len)
{
    char text[QT_TEXT];
    QT_DISK(resource, disk)
    QT_MOUNTED(disk)
    qt_cut(text, file.ptr, file.len);
    qt_keep(disk->files, text, bytes, bytes_len);
    return QR_ERROR_SUCCESS;
}

static inline uint32_t qt_read(const struct QrInstance *instance, struct QrStr name, struct QrStr file, uint8_t *buffer,
                        uint64_t buffer_len, uint64_t *needed)
{
    char text[QT_TEXT];
    QT_DISK(resource, disk)
    QT_MOUNTED(disk)
    qt_cut(text, file.ptr, file.len);
    struct qt_text *found = qt_find(disk->files, text);
    return found == NULL ? QR_ERROR_FILE_NOT_FOUND : qt_give(found->bytes, found->len, buffer, buffer_len, needed);
}

static inline uint32_t qt_add(const struct QrInstance *instance, struct QrStr network, struct QrStr address)
{
    char text[QT_TEXT];
    QT_CALLER(resource)
    qt_cut(text, address.ptr, address.len);
    qt_keep(resource->world->addresses, text, network.ptr, network.len);
    return resource->world->network_fails ? QR_ERROR_NETNAME_DELETED : QR_ERROR_SUCCESS;
}

static inline uint32_t qt_remove(const struct QrInstance *instance, struct QrStr network, struct QrStr address)
{
    char text[QT_TEXT];
    (void)network;
    QT_CALLER(resource)
    qt_cut(text, address.ptr, address.len);
    struct qt_text *found = qt_find(resource->world->addresses, text);
    if (found == NULL || found->len == 0) {
        return QR_ERROR_NOT_FOUND;
    }
    found->len = 0;
    return QR_ERROR_SUCCESS;
}

static inline uint32_t qt_works(const struct QrInstance *instance, struct QrStr network, struct QrStr address)
{
    char text[QT_TEXT];
    (void)network;
    QT_CALLER(resource)
    qt_cut(text, address.ptr, address.len);
    struct qt_text *found = qt_find(resource->world->addresses, text);
    if (resource->world->network_fails) {
        return QR_ERROR_NETNAME_DELETED;
    }
    return found == NULL || found->len == 0 ? QR_ERROR_NOT_FOUND : QR_ERROR_SUCCESS;
}

static inline uint32_t qt_lease(const struct QrInstance *instance, struct QrStr network, uint8_t *buffer, uint64_t buffer_len,
                         uint64_t *needed, uint32_t *seconds)
{
    (void)network;
    QT_CALLER(resource)
    *seconds = 3600;
    return qt_give((const uint8_t *)"10.0.0.77", strlen("10.0.0.77"), buffer, buffer_len, needed);
}

static inline uint32_t qt_register(const struct QrInstance *instance, struct QrStr name, struct QrStr address)
{
    char text[QT_TEXT];
    QT_CALLER(resource)
    qt_cut(text, name.ptr, name.len);
    qt_keep(resource->world->names, text, address.ptr, address.len);
    return QR_ERROR_SUCCESS;
}

static inline uint32_t qt_unregister(const struct QrInstance *instance, struct QrStr name)
{
    return qt_register(instance, name, qt_str(""));
}

static inline uint32_t qt_resolve(const struct QrInstance *instance, struct QrStr name, uint8_t *buffer, uint64_t buffer_len,
                           uint64_t *needed)
{
    char text[QT_TEXT];
    QT_CALLER(resource)
    qt_cut(text, name.ptr, name.len);
    struct qt_text *found = qt_find(resource->world->names, text);
    return found == NULL || found->len == 0 ? QR_ERROR_NOT_FOUND
                                            : qt_give(found->bytes, found->len, buffer, buffer_len, needed);
}

static inline uint32_t qt_save(const struct QrInstance *instance, struct QrStr key, const uint8_t *bytes, uint64_t bytes_len)
{
    char text[QT_TEXT];
    QT_CALLER(resource)
    if (key.len == 0 || key.len > QR_CHECKPOINT_KEY_MAX || bytes_len > QR_CHECKPOINT_BYTES_MAX) {
        return QR_ERROR_INVALID_PARAMETER;
    }
    qt_cut(text, key.ptr, key.len);
    qt_keep(resource->checkpoints, text, bytes, bytes_len);
    return QR_ERROR_SUCCESS;
}

static inline uint32_t qt_load(const struct QrInstance *instance, struct QrStr key, uint8_t *buffer, uint64_t buffer_len,
                        uint64_t *needed)
{
    char text[QT_TEXT];
    QT_CALLER(resource)
    qt_cut(text, key.ptr, key.len);
    struct qt_text *found = qt_find(resource->checkpoints, text);
    return found == NULL || found->len == 0 ? QR_ERROR_NOT_FOUND
                                            : qt_give(found->bytes, found->len, buffer, buffer_len, needed);
}

static inline uint32_t qt_nodes(const struct QrInstance *instance)
{
    struct qt_resource *resource = qt_caller(instance);
    return resource == NULL ? 0 : resource->world->nodes;
}

static inline uint32_t qt_none_here(const struct QrInstance *instance, struct QrStr type)
{
    (void)type;
    (void)qt_caller(instance);
    return 0;
}

static inline uint32_t qt_other(const struct QrInstance *instance, struct QrStr type, uint32_t index, struct QrStr property,
                         uint8_t *buffer, uint64_t buffer_len, uint64_t *needed)
{
    (void)type;
    (void)index;
    (void)property;
    (void)buffer;
    (void)buffer_len;
    (void)needed;
    (void)qt_caller(instance);
    return QR_ERROR_NOT_FOUND;
}

static inline void qt_log(const struct QrInstance *instance, uint32_t level, struct QrStr text)
{
    struct qt_resource *resource = qt_caller(instance);
    char line[QT_TEXT];
    if (resource != NULL) {
        size_t len = strlen(resource->world->log);
        qt_cut(line, text.ptr, text.len);
        snprintf(resource->world->log + len, sizeof resource->world->log - len, "%u %s: %s\n", (unsigned)level,
                 resource->name, line);
    }
}

static inline uint32_t qt_status(const struct QrInstance *instance, uint32_t status, uint32_t checkpoint)
{
    (void)instance;
    (void)status;
    (void)checkpoint;
    return 1;
}

static const struct QrClock qt_clocks = { .size = sizeof qt_clocks, .version = 1, .now_ms = qt_now, .civil_ms = qt_civil };
static const struct QrRandom qt_randoms = { .size = sizeof qt_randoms, .version = 1, .next = qt_random };
static const struct QrProperties qt_properties_table = {
    .size = sizeof qt_properties_table,
    .version = 1,
    .get = qt_get,
    .get_u32 = qt_get_u32,
    .provider_count = qt_provider_count,
    .provider_name = qt_provider_name,
    .provider_get = qt_provider_get,
    .publish = qt_publish,
};
static const struct QrService qt_services_table = {
    .size = sizeof qt_services_table,
    .version = 1,
    .start = qt_start,
    .stop = qt_stop,
    .kill = qt_kill,
    .state = qt_service_state,
    .listen = qt_listen,
    .start_with = qt_start_with,
};
static const struct QrProbe qt_probes = { .size = sizeof qt_probes, .version = 1, .service = qt_probe_service, .port = qt_probe_port, .ask = qt_probe_ask };
static const struct QrDisk qt_disks_table = {
    .size = sizeof qt_disks_table,
    .version = 1,
    .reserve = qt_reserve,
    .break_reservation = qt_break,
    .release = qt_release,
    .reserved = qt_reserved,
    .mount = qt_mount,
    .unmount = qt_unmount,
    .list = qt_list,
    .write = qt_write,
    .read = qt_read,
    .reservation = qt_reservation,
};
static const struct QrAddress qt_addresses_table = {
    .size = sizeof qt_addresses_table,
    .version = 1,
    .add = qt_add,
    .remove = qt_remove,
    .works = qt_works,
    .lease = qt_lease,
};
static const struct QrName qt_names_table = {
    .size = sizeof qt_names_table,
    .version = 1,
    .register_ = qt_register,
    .unregister = qt_unregister,
    .resolve = qt_resolve,
};
static const struct QrCheckpoint qt_checkpoints_table = { .size = sizeof qt_checkpoints_table, .version = 1, .save = qt_save, .load = qt_load };
static const struct QrCluster qt_clusters = {
    .size = sizeof qt_clusters,
    .version = 1,
    .configured_nodes = qt_nodes,
    .online_here = qt_none_here,
    .other = qt_other,
};
static const struct QrLog qt_logs = { .size = sizeof qt_logs, .version = 1, .write = qt_log };

static inline const void *qt_get_service(struct QrStr id)
{
    static const struct {
        const char *id;
        const void *table;
    } known[] = {
        { QR_SERVICE_ID_CLOCK, &qt_clocks },           { QR_SERVICE_ID_RANDOM, &qt_randoms },
        { QR_SERVICE_ID_PROPERTIES, &qt_properties_table }, { QR_SERVICE_ID_SERVICE, &qt_services_table },
        { QR_SERVICE_ID_PROBE, &qt_probes },           { QR_SERVICE_ID_DISK, &qt_disks_table },
        { QR_SERVICE_ID_ADDRESS, &qt_addresses_table }, { QR_SERVICE_ID_NAME, &qt_names_table },
        { QR_SERVICE_ID_CHECKPOINT, &qt_checkpoints_table }, { QR_SERVICE_ID_CLUSTER, &qt_clusters },
        { QR_SERVICE_ID_LOG, &qt_logs },
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (id.len == strlen(known[i].id) && memcmp(id.ptr, known[i].id, id.len) == 0) {
            return known[i].table;
        }
    }
    return NULL;
}

static const struct QrHost qt_host = {
    .size = sizeof qt_host,
    .version = QR_ABI_VERSION_1_00,
    .get_service = qt_get_service,
    .set_resource_status = qt_status,
    .log_event = qt_log,
};

#endif
