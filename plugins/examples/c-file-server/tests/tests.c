/* The type against a test host, without a cluster: `make test` builds and runs this before the drills. */
#include "quorate_test.h"

#define GET_ENDPOINT QR_CLUSCTL_RESOURCE_USER

static struct qt_resource *server_in(struct qt_world *world)
{
    struct qt_resource *server = qt_resource(world, "Server", "C File Server");
    qt_set(server, "Port", "8080");
    qt_provider(server, "IP Address", "Address", "10.0.0.30");
    QT_EQUAL(qt_open(server), QR_ERROR_SUCCESS);
    return server;
}

static void it_starts_answers_and_stops(struct qt_world *world)
{
    struct qt_resource *server = server_in(world);
    QT_EQUAL(qt_online(server), QR_ERROR_SUCCESS);
    QT_EQUAL(qt_service(world, "Server", "httpd")->port, 8080);
    qt_run(world, 600 * 1000);
    QT_EQUAL(qt_state(server), QT_ONLINE);
    QT_EQUAL(qt_offline(server), QR_ERROR_SUCCESS);
    QT_EQUAL(qt_service(world, "Server", "httpd")->state, QR_SERVICE_STOPPED);
}

static void a_process_that_died_is_found_by_the_cheap_check(struct qt_world *world)
{
    struct qt_resource *server = server_in(world);
    QT_EQUAL(qt_online(server), QR_ERROR_SUCCESS);
    qt_crash(qt_service(world, "Server", "httpd"));
    qt_run(world, 5 * 1000);
    QT_EQUAL(qt_state(server), QT_FAILED);
    QT_CHECK(strstr(qt_last_error(server), "does not run") != NULL);
}

static void one_that_hangs_is_found_by_the_thorough_check(struct qt_world *world)
{
    struct qt_resource *server = server_in(world);
    QT_EQUAL(qt_online(server), QR_ERROR_SUCCESS);
    qt_service(world, "Server", "httpd")->hangs = 1;
    QT_CHECK(qt_looks_alive(server));
    qt_run(world, 60 * 1000);
    QT_EQUAL(qt_state(server), QT_FAILED);
}

static void a_start_that_fails_says_why(struct qt_world *world)
{
    struct qt_resource *server = server_in(world);
    qt_service(world, "Server", "httpd")->fail_starts = 1;
    QT_EQUAL(qt_online(server), QR_ERROR_SERVICE_REQUEST_TIMEOUT);
    QT_CHECK(strstr(qt_last_error(server), "start the service") != NULL);
    QT_EQUAL(qt_online(server), QR_ERROR_SUCCESS);
}

static void it_says_where_it_answers(struct qt_world *world)
{
    struct qt_resource *server = server_in(world);
    uint8_t answer[64] = { 0 };
    uint64_t needed = 0;
    QT_EQUAL(qt_control(server, GET_ENDPOINT, "", answer, sizeof answer - 1, &needed), QR_ERROR_RESOURCE_NOT_ONLINE);
    QT_EQUAL(qt_online(server), QR_ERROR_SUCCESS);
    QT_EQUAL(qt_control(server, GET_ENDPOINT, "", answer, 3, &needed), QR_ERROR_MORE_DATA);
    QT_EQUAL(qt_control(server, GET_ENDPOINT, "", answer, sizeof answer - 1, &needed), QR_ERROR_SUCCESS);
    QT_TEXT_EQUAL((const char *)answer, "10.0.0.30:8080");
    QT_EQUAL(qt_strays(), 0);
}

int main(void)
{
    QT_TEST(it_starts_answers_and_stops);
    QT_TEST(a_process_that_died_is_found_by_the_cheap_check);
    QT_TEST(one_that_hangs_is_found_by_the_thorough_check);
    QT_TEST(a_start_that_fails_says_why);
    QT_TEST(it_says_where_it_answers);
    return qt_end();
}
