/* The type against a test host, without a cluster: `make test` builds and runs this before the drills. */
#include "quorate_test.h"

#define GET_EPOCH QR_CLUSCTL_RESOURCE_USER

static struct qt_resource *store_in(struct qt_world *world)
{
    struct qt_resource *store = qt_resource(world, "Store", "C Store");
    qt_provider(store, "IP Address", "Address", "10.0.0.30");
    QT_EQUAL(qt_open(store), QR_ERROR_SUCCESS);
    return store;
}

static struct qt_service *server(struct qt_world *world)
{
    return qt_service(world, "Store", "redis-server");
}

static void it_starts_answers_and_stops(struct qt_world *world)
{
    struct qt_resource *store = store_in(world);
    QT_EQUAL(qt_online(store), QR_ERROR_SUCCESS);
    QT_EQUAL(server(world)->port, 6379);
    qt_run(world, 600 * 1000);
    QT_EQUAL(qt_state(store), QT_ONLINE);
    QT_EQUAL(qt_offline(store), QR_ERROR_SUCCESS);
    QT_EQUAL(server(world)->state, QR_SERVICE_STOPPED);
    QT_EQUAL(qt_strays(), 0);
}

static void a_process_that_died_is_found_by_the_next_beat(struct qt_world *world)
{
    struct qt_resource *store = store_in(world);
    QT_EQUAL(qt_online(store), QR_ERROR_SUCCESS);
    qt_crash(server(world));
    qt_run(world, 1000);
    QT_EQUAL(qt_state(store), QT_FAILED);
    QT_CHECK(strstr(world->log, "does not run") != NULL);
}

static void a_silence_is_forgiven_for_three_seconds(struct qt_world *world)
{
    struct qt_resource *store = store_in(world);
    QT_EQUAL(qt_online(store), QR_ERROR_SUCCESS);
    server(world)->hangs = 1;
    qt_run(world, 3000);
    QT_EQUAL(qt_state(store), QT_ONLINE);
    server(world)->hangs = 0;
    qt_run(world, 1000);
    server(world)->hangs = 1;
    qt_run(world, 3000);
    QT_EQUAL(qt_state(store), QT_ONLINE);
    qt_run(world, 1000);
    QT_EQUAL(qt_state(store), QT_FAILED);
    QT_CHECK(strstr(world->log, "has not answered PING for 4000 ms") != NULL);
}

static void an_answer_that_is_no_pong_is_a_silence(struct qt_world *world)
{
    struct qt_resource *store = store_in(world);
    QT_EQUAL(qt_online(store), QR_ERROR_SUCCESS);
    qt_answers(server(world), "PING", "-LOADING the data set is read");
    qt_run(world, 4000);
    QT_EQUAL(qt_state(store), QT_FAILED);
}

static void it_may_be_as_far_behind_as_the_property_says(struct qt_world *world)
{
    struct qt_resource *store = store_in(world);
    qt_set(store, "MaxLagMs", "2000");
    QT_EQUAL(qt_online(store), QR_ERROR_SUCCESS);
    qt_answers(server(world), "LAG", "2000");
    qt_run(world, 60 * 1000);
    QT_EQUAL(qt_state(store), QT_ONLINE);
    qt_answers(server(world), "LAG", "2001");
    qt_run(world, 2000);
    QT_EQUAL(qt_state(store), QT_ONLINE);
    qt_run(world, 1000);
    QT_EQUAL(qt_state(store), QT_FAILED);
    QT_CHECK(strstr(world->log, "it is 2001 ms behind, and may be 2000") != NULL);
}

static void beats_that_are_behind_count_in_a_row(struct qt_world *world)
{
    struct qt_resource *store = store_in(world);
    qt_set(store, "MaxLagMs", "2000");
    QT_EQUAL(qt_online(store), QR_ERROR_SUCCESS);
    qt_answers(server(world), "LAG", "2001");
    qt_run(world, 2000);
    qt_answers(server(world), "LAG", "-ERR not now");
    qt_run(world, 1000);
    qt_answers(server(world), "LAG", "2001");
    qt_run(world, 2000);
    QT_EQUAL(qt_state(store), QT_ONLINE);
}

static void each_start_has_an_epoch(struct qt_world *world)
{
    struct qt_resource *store = store_in(world);
    uint8_t answer[64] = { 0 };
    uint64_t needed = 0;
    QT_EQUAL(qt_control(store, GET_EPOCH, "", answer, sizeof answer - 1, &needed), QR_ERROR_RESOURCE_NOT_ONLINE);
    for (int epoch = 1; epoch < 4; epoch++) {
        char wanted[8];
        QT_EQUAL(qt_online(store), QR_ERROR_SUCCESS);
        QT_EQUAL(qt_control(store, GET_EPOCH, "", answer, sizeof answer - 1, &needed), QR_ERROR_SUCCESS);
        snprintf(wanted, sizeof wanted, "%d", epoch);
        QT_TEXT_EQUAL((const char *)answer, wanted);
        QT_EQUAL(qt_offline(store), QR_ERROR_SUCCESS);
    }
    qt_keep(store->checkpoints, "epoch", (const uint8_t *)"x", 1);
    QT_EQUAL(qt_online(store), QR_ERROR_GEN_FAILURE);
    QT_CHECK(strstr(qt_last_error(store), "is no number") != NULL);
}

int main(void)
{
    QT_TEST(it_starts_answers_and_stops);
    QT_TEST(a_process_that_died_is_found_by_the_next_beat);
    QT_TEST(a_silence_is_forgiven_for_three_seconds);
    QT_TEST(an_answer_that_is_no_pong_is_a_silence);
    QT_TEST(it_may_be_as_far_behind_as_the_property_says);
    QT_TEST(beats_that_are_behind_count_in_a_row);
    QT_TEST(each_start_has_an_epoch);
    return qt_end();
}
