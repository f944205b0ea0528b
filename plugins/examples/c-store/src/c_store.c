/*
 * `C Store`: a store that answers as Redis does. It is watched by a heartbeat, may not fall behind for long, and has an epoch
 * that follows it from node to node.
 *
 * Nothing in here waits, reads a clock or opens a socket: it asks the host, so that the same library runs in a drill's
 * virtual time and on real machines.
 */
#include <quorate.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TYPE_NAME "C Store"
#define PROTOCOL "redis"
/* This type's own control code: the epoch of the present start, as text. */
#define GET_EPOCH QR_CLUSCTL_RESOURCE_USER
/* The checkpoint with the epoch of the last start. */
#define EPOCH "epoch"
/* How often a store that starts or stops is looked at. */
#define POLL_MS 500
/* How often one that runs is asked, and how long it may be silent. */
#define BEAT_MS 1000
#define SILENCE_MS (3 * BEAT_MS)
/* How many beats in a row it may be too far behind. */
#define LAGGING_BEATS 3
#define TEXT_MAX 256
#define PORT_MIN 1
#define PORT_MAX 65535

enum operation { NOTHING, STARTING, STOPPING };

/* One resource on one node. */
struct store {
    const struct QrInstance *instance;
    enum operation pending;
    int online;
    char service[TEXT_MAX];
    char address[TEXT_MAX];
    uint32_t port;
    uint32_t max_lag_ms;
    unsigned long epoch;    /* of the present start; 0: it was never started here */
    uint64_t last_pong;     /* on the node's clock */
    unsigned long lag_ms;   /* what it said last */
    unsigned int lagging;   /* for how many beats it has been too far behind */
    char error[2 * TEXT_MAX];
};

/* The host's tables. A static that changes is this library's own state, so it does not claim QR_PLUGIN_STATELESS, and
 * each node loads a copy of its own. */
static const struct QrClock *clocks;
static const struct QrService *services;
static const struct QrProbe *probes;
static const struct QrProperties *properties;
static const struct QrCheckpoint *checkpoints;
static const struct QrLog *logs;

static struct QrStr text(const char *from)
{
    struct QrStr borrowed = { (const uint8_t *)from, strlen(from) };
    return borrowed;
}

/* Keeps what went wrong as a sentence for people, and gives its code. */
static uint32_t failed(struct store *store, uint32_t code, const char *doing)
{
    snprintf(store->error, sizeof store->error, "%s: error %u", doing, (unsigned)code);
    return code;
}

/* What the service controller says; 0 where it cannot say. */
static uint32_t state(struct store *store)
{
    uint32_t found = 0;
    uint32_t code = services->state(store->instance, text(store->service), &found);
    if (code != QR_ERROR_SUCCESS) {
        failed(store, code, "ask for the store's state");
        return 0;
    }
    return found;
}

/* Ends a text that the host has put into a buffer of TEXT_MAX bytes. */
static uint32_t terminated(char *buffer, uint32_t code, uint64_t needed)
{
    if (code == QR_ERROR_SUCCESS && needed >= TEXT_MAX) {
        code = QR_ERROR_MORE_DATA;
    }
    buffer[code == QR_ERROR_SUCCESS ? needed : 0] = '\0';
    return code;
}

/* A number from the beginning of a text to its end. Returns whether it is one. */
static int number(const char *from, unsigned long *value)
{
    char *end = NULL;
    if (*from < '0' || *from > '9') {
        return 0;
    }
    *value = strtoul(from, &end, 10);
    return *end == '\0';
}

/* Reads the properties, and the address of the IP Address that this resource depends on. */
static uint32_t read_properties(struct store *store)
{
    uint64_t needed = 0;
    uint32_t code = properties->get(store->instance, text("ServiceName"), (uint8_t *)store->service, TEXT_MAX - 1, &needed);
    code = terminated(store->service, code, needed);
    if (code != QR_ERROR_SUCCESS) {
        return failed(store, code, "read property ServiceName");
    }
    code = properties->get_u32(store->instance, text("Port"), &store->port);
    if (code != QR_ERROR_SUCCESS) {
        return failed(store, code, "read property Port");
    }
    if (store->port < PORT_MIN || store->port > PORT_MAX) {
        return failed(store, QR_ERROR_RESOURCE_PROPERTY, "property Port is no TCP port");
    }
    code = properties->get_u32(store->instance, text("MaxLagMs"), &store->max_lag_ms);
    if (code != QR_ERROR_SUCCESS) {
        return failed(store, code, "read property MaxLagMs");
    }
    if (properties->provider_count(store->instance, text("IP Address")) == 0) {
        return failed(store, QR_ERROR_DEPENDENCY_NOT_FOUND, "find the IP Address that it depends on");
    }
    code = properties->provider_get(store->instance, text("IP Address"), 0, text("Address"), (uint8_t *)store->address,
                                    TEXT_MAX - 1, &needed);
    code = terminated(store->address, code, needed);
    return code == QR_ERROR_SUCCESS ? code : failed(store, code, "read the address to answer on");
}

/* The next epoch: one more than that of the last start, wherever that was. It is kept before the store is started. */
static uint32_t next_epoch(struct store *store)
{
    char kept[TEXT_MAX];
    uint64_t needed = 0;
    unsigned long last = 0;
    uint32_t code = checkpoints->load(store->instance, text(EPOCH), (uint8_t *)kept, TEXT_MAX - 1, &needed);
    if (code == QR_ERROR_SUCCESS && needed < TEXT_MAX) {
        kept[needed] = '\0';
        if (!number(kept, &last)) {
            return failed(store, QR_ERROR_GEN_FAILURE, "the checkpoint `epoch` is no number");
        }
    } else if (code != QR_ERROR_NOT_FOUND) {
        return failed(store, code == QR_ERROR_SUCCESS ? QR_ERROR_MORE_DATA : code, "load the checkpoint `epoch`");
    }
    store->epoch = last + 1;
    int length = snprintf(kept, sizeof kept, "%lu", store->epoch);
    code = checkpoints->save(store->instance, text(EPOCH), (const uint8_t *)kept, (uint64_t)length);
    return code == QR_ERROR_SUCCESS ? code : failed(store, code, "save the checkpoint `epoch`");
}

/* Sends a request to the store's port, and ends the line that it answers. */
static uint32_t asked(struct store *store, const char *request, char *answer)
{
    uint64_t needed = 0;
    uint32_t code = probes->ask(store->instance, text(store->address), store->port, text(request), (uint8_t *)answer,
                                TEXT_MAX - 1, &needed);
    return terminated(answer, code, needed);
}

/* One beat: whether it answers, and how far behind it is. A store that says nothing of that is not behind. */
static void beat(struct store *store)
{
    char answer[TEXT_MAX];
    unsigned long lag = 0;
    if (asked(store, "PING\r\n", answer) == QR_ERROR_SUCCESS && strcmp(answer, "+PONG") == 0) {
        store->last_pong = clocks->now_ms(store->instance);
    }
    if (asked(store, "LAG\r\n", answer) == QR_ERROR_SUCCESS && number(answer, &lag)) {
        store->lag_ms = lag;
        store->lagging = lag > store->max_lag_ms ? store->lagging + 1 : 0;
    } else {
        store->lagging = 0;
    }
}

/* What is wrong with it: 0 if nothing is. The sentence is kept. */
static uint32_t wrong(struct store *store)
{
    uint64_t silent;
    if (state(store) != QR_SERVICE_RUNNING) {
        return failed(store, QR_ERROR_SERVICE_NOT_ACTIVE, "the store does not run");
    }
    silent = clocks->now_ms(store->instance) - store->last_pong;
    if (silent > SILENCE_MS) {
        snprintf(store->error, sizeof store->error, "it has not answered PING for %lu ms", (unsigned long)silent);
        return QR_ERROR_SERVICE_REQUEST_TIMEOUT;
    }
    if (store->lagging >= LAGGING_BEATS) {
        snprintf(store->error, sizeof store->error, "it is %lu ms behind, and may be %lu", store->lag_ms,
                 (unsigned long)store->max_lag_ms);
        return QR_ERROR_RESOURCE_FAILED;
    }
    return QR_ERROR_SUCCESS;
}

/* Goes on with a start: pending until the store runs, then it is told where to answer. */
static uint32_t go_on_starting(struct store *store, struct QrWork *work)
{
    uint32_t code;
    switch (state(store)) {
    case QR_SERVICE_RUNNING:
        code = services->listen(store->instance, text(store->service), text(store->address), store->port, text(PROTOCOL),
                                1);
        store->pending = NOTHING;
        if (code != QR_ERROR_SUCCESS) {
            return failed(store, code, "make the store answer");
        }
        store->online = 1;
        store->last_pong = clocks->now_ms(store->instance);
        store->lagging = 0;
        /* From now on it is watched by the heartbeat: LooksAlive need not be asked. */
        work->has_event = 1;
        work->wait_ms = BEAT_MS;
        return QR_ERROR_SUCCESS;
    case QR_SERVICE_START_PENDING:
        work->wait_ms = POLL_MS;
        return QR_ERROR_IO_PENDING;
    default:
        store->pending = NOTHING;
        return failed(store, QR_ERROR_SERVICE_NOT_ACTIVE, "the store stopped while it was starting");
    }
}

static uint32_t go_on_stopping(struct store *store, struct QrWork *work)
{
    if (state(store) != QR_SERVICE_STOPPED) {
        work->wait_ms = POLL_MS;
        return QR_ERROR_IO_PENDING;
    }
    store->pending = NOTHING;
    store->online = 0;
    return QR_ERROR_SUCCESS;
}

static uint32_t store_open(struct QrStr name, const struct QrInstance *instance, QrResid *resid)
{
    struct store *store = calloc(1, sizeof *store);
    (void)name;
    if (store == NULL) {
        return QR_ERROR_GEN_FAILURE;
    }
    store->instance = instance;
    *resid = store;
    return QR_ERROR_SUCCESS;
}

static void store_close(QrResid resid)
{
    free(resid);
}

static uint32_t store_online(QrResid resid, struct QrWork *work)
{
    struct store *store = resid;
    char parameters[TEXT_MAX];
    uint32_t code;
    if (store->online) {
        work->has_event = 1;
        return QR_ERROR_SUCCESS;
    }
    code = read_properties(store);
    if (code != QR_ERROR_SUCCESS) {
        return code;
    }
    if (state(store) != QR_SERVICE_RUNNING) {
        code = next_epoch(store);
        if (code != QR_ERROR_SUCCESS) {
            return code;
        }
        snprintf(parameters, sizeof parameters, "--epoch %lu", store->epoch);
        code = services->start_with(store->instance, text(store->service), 0, text(parameters), text(""));
        if (code != QR_ERROR_SUCCESS) {
            return failed(store, code, "start the store");
        }
    }
    store->pending = STARTING;
    return go_on_starting(store, work);
}

static uint32_t store_offline(QrResid resid, struct QrWork *work)
{
    struct store *store = resid;
    uint32_t code;
    if (!store->online) {
        return QR_ERROR_SUCCESS;
    }
    if (state(store) != QR_SERVICE_STOPPED) {
        code = services->stop(store->instance, text(store->service));
        if (code != QR_ERROR_SUCCESS) {
            return failed(store, code, "stop the store");
        }
    }
    store->pending = STOPPING;
    return go_on_stopping(store, work);
}

/* At once, in any state, and harmless where there is nothing to end. */
static void store_terminate(QrResid resid)
{
    struct store *store = resid;
    if (store->service[0] != '\0' && state(store) != QR_SERVICE_STOPPED) {
        services->kill(store->instance, text(store->service));
    }
    store->pending = NOTHING;
    store->online = 0;
}

/* The cheap check: the controller says that it runs. */
static uint32_t store_looks_alive(QrResid resid)
{
    struct store *store = resid;
    if (state(store) == QR_SERVICE_RUNNING) {
        return 1;
    }
    failed(store, QR_ERROR_SERVICE_NOT_ACTIVE, "the store does not run");
    return 0;
}

/* The thorough check: what the heartbeat knows. It is asked when the heartbeat has signalled, to confirm. */
static uint32_t store_is_alive(QrResid resid)
{
    return wrong(resid) == QR_ERROR_SUCCESS;
}

static uint32_t store_work(QrResid resid, struct QrWork *work)
{
    struct store *store = resid;
    switch (store->pending) {
    case STARTING:
        return go_on_starting(store, work);
    case STOPPING:
        return go_on_stopping(store, work);
    default:
        break;
    }
    if (!store->online) {
        return QR_ERROR_SUCCESS;
    }
    beat(store);
    work->wait_ms = BEAT_MS;
    if (wrong(store) != QR_ERROR_SUCCESS) {
        logs->write(store->instance, QR_LOG_WARNING, text(store->error));
        work->signal = 1;
    }
    return QR_ERROR_SUCCESS;
}

/* `resource("Store").control(0x01200000)` in a drill. What is not known here is left to the host. */
static uint32_t store_control(QrResid resid, uint32_t code, const uint8_t *input, uint64_t input_len, uint8_t *output,
                              uint64_t output_len, uint64_t *returned)
{
    struct store *store = resid;
    char epoch[TEXT_MAX];
    uint64_t length;
    (void)input;
    (void)input_len;
    if (code != GET_EPOCH) {
        return QR_ERROR_INVALID_FUNCTION;
    }
    if (store->epoch == 0) {
        return failed(store, QR_ERROR_RESOURCE_NOT_ONLINE, "it has never been online on this node");
    }
    length = (uint64_t)snprintf(epoch, sizeof epoch, "%lu", store->epoch);
    *returned = length;
    if (length > output_len) {
        return QR_ERROR_MORE_DATA;
    }
    memcpy(output, epoch, length);
    return QR_ERROR_SUCCESS;
}

static uint64_t store_last_error(QrResid resid, uint8_t *buffer, uint64_t buffer_len)
{
    const struct store *store = resid;
    uint64_t length = strlen(store->error);
    if (buffer != NULL) {
        memcpy(buffer, store->error, length < buffer_len ? length : buffer_len);
    }
    return length;
}

static const struct QrTable table = {
    .size = sizeof(struct QrTable),
    .version = QR_ABI_VERSION_1_00,
    .open = store_open,
    .close = store_close,
    .online = store_online,
    .offline = store_offline,
    .terminate = store_terminate,
    .looks_alive = store_looks_alive,
    .is_alive = store_is_alive,
    .resource_control = store_control,
    .work = store_work,
    .last_error = store_last_error,
};

static uint32_t startup(struct QrStr type_name, uint32_t min_version, uint32_t max_version, const struct QrHost *host,
                        const struct QrTable **found)
{
    if (type_name.len != strlen(TYPE_NAME) || memcmp(type_name.ptr, TYPE_NAME, type_name.len) != 0) {
        return QR_ERROR_RESOURCE_TYPE_NOT_FOUND;
    }
    if (min_version > QR_ABI_VERSION_1_00 || max_version < QR_ABI_VERSION_1_00) {
        return QR_ERROR_REVISION_MISMATCH;
    }
    if (!QR_HAS(QrHost, host, get_service)) {
        return QR_ERROR_NOT_SUPPORTED;
    }
    clocks = host->get_service(text(QR_SERVICE_ID_CLOCK));
    services = host->get_service(text(QR_SERVICE_ID_SERVICE));
    probes = host->get_service(text(QR_SERVICE_ID_PROBE));
    properties = host->get_service(text(QR_SERVICE_ID_PROPERTIES));
    checkpoints = host->get_service(text(QR_SERVICE_ID_CHECKPOINT));
    logs = host->get_service(text(QR_SERVICE_ID_LOG));
    if (!QR_HAS(QrClock, clocks, now_ms) || !QR_HAS(QrService, services, start_with) || !QR_HAS(QrProbe, probes, ask)
        || !QR_HAS(QrProperties, properties, provider_get) || !QR_HAS(QrCheckpoint, checkpoints, load)
        || !QR_HAS(QrLog, logs, write)) {
        return QR_ERROR_NOT_SUPPORTED;
    }
    *found = &table;
    return QR_ERROR_SUCCESS;
}

static const struct QrProperty type_properties[] = {
    {
        .size = sizeof(struct QrProperty),
        .kind = QR_PROPERTY_SZ,
        .flags = QR_PROPERTY_AT_ONLINE,
        .name = QR_STR("ServiceName"),
        .doc = QR_STR("The store to start"),
        .default_ = QR_STR("redis-server"),
    },
    {
        .size = sizeof(struct QrProperty),
        .kind = QR_PROPERTY_DWORD,
        .flags = QR_PROPERTY_AT_ONLINE,
        .name = QR_STR("Port"),
        .doc = QR_STR("The TCP port it answers on"),
        .default_ = QR_STR("6379"),
        .min = PORT_MIN,
        .max = PORT_MAX,
    },
    {
        .size = sizeof(struct QrProperty),
        .kind = QR_PROPERTY_DWORD,
        .flags = QR_PROPERTY_AT_ONLINE,
        .name = QR_STR("MaxLagMs"),
        .unit = QR_STR("ms"),
        .doc = QR_STR("How far behind it may be, by what it answers to LAG"),
        .default_ = QR_STR("1000"),
        .max = UINT32_MAX,
    },
};

static const struct QrType types[] = {
    {
        .size = sizeof(struct QrType),
        .name = QR_STR(TYPE_NAME),
        .doc = QR_STR("A store that answers as Redis does, watched by a heartbeat"),
        .looks_alive_ms = 5000,
        .is_alive_ms = 60000,
        .property_count = 3,
        .properties = type_properties,
    },
};

static const struct QrPlugin plugin = {
    .magic = QR_PLUGIN_MAGIC,
    .length = sizeof(struct QrPlugin),
    .abi_version = QR_ABI_VERSION_1_00,
    .pointer_width = 8 * sizeof(void *),
    .target = QR_STR(QR_TARGET),
    .name = QR_STR("c-store"),
    .version = QR_STR("0.1.0"),
    .description = QR_STR("A resource type for a store that answers as Redis does, in C"),
    .flags = 0,
    .type_count = 1,
    .types = types,
    .startup = startup,
};

const struct QrPlugin *quorate_plugin_v1(void)
{
    return &plugin;
}
