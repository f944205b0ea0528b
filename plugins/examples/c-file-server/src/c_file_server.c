/*
 * `C File Server`: a network service that is started, given an address to answer on, and probed there.
 *
 * Nothing in here waits, reads a clock or opens a socket: it asks the host, so that the same library runs in a drill's
 * virtual world and in the real one.
 */
#include <quorate.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TYPE_NAME "C File Server"
#define PROTOCOL "http"
/* This type's own control code: where the server answers, as text. */
#define GET_ENDPOINT QR_CLUSCTL_RESOURCE_USER
/* How often a service that starts or stops is looked at. */
#define POLL_MS 500
#define TEXT_MAX 256
#define PORT_MIN 1
#define PORT_MAX 65535

enum operation { NOTHING, STARTING, STOPPING };

/* One resource on one node. */
struct server {
    const struct QrInstance *instance;
    enum operation pending;
    int online;
    char service[TEXT_MAX];
    char address[TEXT_MAX];
    uint32_t port;
    char error[2 * TEXT_MAX];
};

/* The host's tables. A static that changes is this library's own state, so it does not claim QR_PLUGIN_STATELESS, and
 * each node loads a copy of its own. */
static const struct QrService *services;
static const struct QrProbe *probes;
static const struct QrProperties *properties;

static struct QrStr text(const char *from)
{
    struct QrStr borrowed = { (const uint8_t *)from, strlen(from) };
    return borrowed;
}

/* Keeps what went wrong as a sentence for people, and gives its code. */
static uint32_t failed(struct server *server, uint32_t code, const char *doing)
{
    snprintf(server->error, sizeof server->error, "%s: error %u", doing, (unsigned)code);
    return code;
}

/* What the service controller says; 0 where it cannot say. */
static uint32_t state(struct server *server)
{
    uint32_t found = 0;
    uint32_t code = services->state(server->instance, text(server->service), &found);
    if (code != QR_ERROR_SUCCESS) {
        failed(server, code, "ask for the service's state");
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

/* Reads the properties, and the address of the IP Address that this resource depends on. */
static uint32_t read_properties(struct server *server)
{
    uint64_t needed = 0;
    uint32_t code = properties->get(server->instance, text("ServiceName"), (uint8_t *)server->service, TEXT_MAX - 1,
                                    &needed);
    code = terminated(server->service, code, needed);
    if (code != QR_ERROR_SUCCESS) {
        return failed(server, code, "read property ServiceName");
    }
    code = properties->get_u32(server->instance, text("Port"), &server->port);
    if (code != QR_ERROR_SUCCESS) {
        return failed(server, code, "read property Port");
    }
    if (server->port < PORT_MIN || server->port > PORT_MAX) {
        return failed(server, QR_ERROR_RESOURCE_PROPERTY, "property Port is no TCP port");
    }
    if (properties->provider_count(server->instance, text("IP Address")) == 0) {
        return failed(server, QR_ERROR_DEPENDENCY_NOT_FOUND, "find the IP Address that it depends on");
    }
    code = properties->provider_get(server->instance, text("IP Address"), 0, text("Address"),
                                    (uint8_t *)server->address, TEXT_MAX - 1, &needed);
    code = terminated(server->address, code, needed);
    return code == QR_ERROR_SUCCESS ? code : failed(server, code, "read the address to answer on");
}

/* Goes on with a start: pending until the service runs, then it is told where to answer. */
static uint32_t go_on_starting(struct server *server, struct QrWork *work)
{
    uint32_t code;
    switch (state(server)) {
    case QR_SERVICE_RUNNING:
        code = services->listen(server->instance, text(server->service), text(server->address), server->port,
                                text(PROTOCOL), 1);
        server->pending = NOTHING;
        if (code != QR_ERROR_SUCCESS) {
            return failed(server, code, "make the service answer");
        }
        server->online = 1;
        return QR_ERROR_SUCCESS;
    case QR_SERVICE_START_PENDING:
        work->wait_ms = POLL_MS;
        return QR_ERROR_IO_PENDING;
    default:
        server->pending = NOTHING;
        return failed(server, QR_ERROR_SERVICE_NOT_ACTIVE, "the service stopped while it was starting");
    }
}

static uint32_t go_on_stopping(struct server *server, struct QrWork *work)
{
    if (state(server) != QR_SERVICE_STOPPED) {
        work->wait_ms = POLL_MS;
        return QR_ERROR_IO_PENDING;
    }
    server->pending = NOTHING;
    server->online = 0;
    return QR_ERROR_SUCCESS;
}

static uint32_t server_open(struct QrStr name, const struct QrInstance *instance, QrResid *resid)
{
    struct server *server = calloc(1, sizeof *server);
    (void)name;
    if (server == NULL) {
        return QR_ERROR_GEN_FAILURE;
    }
    server->instance = instance;
    *resid = server;
    return QR_ERROR_SUCCESS;
}

static void server_close(QrResid resid)
{
    free(resid);
}

static uint32_t server_online(QrResid resid, struct QrWork *work)
{
    struct server *server = resid;
    uint32_t code;
    if (server->online) {
        return QR_ERROR_SUCCESS;
    }
    code = read_properties(server);
    if (code != QR_ERROR_SUCCESS) {
        return code;
    }
    if (state(server) != QR_SERVICE_RUNNING) {
        code = services->start(server->instance, text(server->service), 0);
        if (code != QR_ERROR_SUCCESS) {
            return failed(server, code, "start the service");
        }
    }
    server->pending = STARTING;
    return go_on_starting(server, work);
}

static uint32_t server_offline(QrResid resid, struct QrWork *work)
{
    struct server *server = resid;
    uint32_t code;
    if (!server->online) {
        return QR_ERROR_SUCCESS;
    }
    if (state(server) != QR_SERVICE_STOPPED) {
        code = services->stop(server->instance, text(server->service));
        if (code != QR_ERROR_SUCCESS) {
            return failed(server, code, "stop the service");
        }
    }
    server->pending = STOPPING;
    return go_on_stopping(server, work);
}

/* At once, in any state, and harmless where there is nothing to end. */
static void server_terminate(QrResid resid)
{
    struct server *server = resid;
    if (server->service[0] != '\0' && state(server) != QR_SERVICE_STOPPED) {
        services->kill(server->instance, text(server->service));
    }
    server->pending = NOTHING;
    server->online = 0;
}

/* The cheap check: the controller says that it runs. */
static uint32_t server_looks_alive(QrResid resid)
{
    struct server *server = resid;
    if (state(server) == QR_SERVICE_RUNNING) {
        return 1;
    }
    failed(server, QR_ERROR_SERVICE_NOT_ACTIVE, "the service does not run");
    return 0;
}

/* The thorough check: it answers on its port. A service that hangs still runs, and does not answer. */
static uint32_t server_is_alive(QrResid resid)
{
    struct server *server = resid;
    uint8_t banner[TEXT_MAX];
    uint64_t needed = 0;
    uint32_t code;
    if (!server_looks_alive(resid)) {
        return 0;
    }
    code = probes->port(server->instance, text(server->address), server->port, text(PROTOCOL), banner, sizeof banner,
                        &needed);
    if (code == QR_ERROR_SUCCESS || code == QR_ERROR_MORE_DATA) {
        return 1;
    }
    failed(server, code, "connect to the service");
    return 0;
}

static uint32_t server_work(QrResid resid, struct QrWork *work)
{
    struct server *server = resid;
    switch (server->pending) {
    case STARTING:
        return go_on_starting(server, work);
    case STOPPING:
        return go_on_stopping(server, work);
    default:
        return QR_ERROR_SUCCESS;
    }
}

/* `resource("Files Server").control(0x01200000)` in a drill. What is not known here is left to the host. */
static uint32_t server_control(QrResid resid, uint32_t code, const uint8_t *input, uint64_t input_len, uint8_t *output,
                               uint64_t output_len, uint64_t *returned)
{
    struct server *server = resid;
    char endpoint[TEXT_MAX + sizeof ":65535"];
    uint64_t length;
    (void)input;
    (void)input_len;
    if (code != GET_ENDPOINT) {
        return QR_ERROR_INVALID_FUNCTION;
    }
    if (server->address[0] == '\0') {
        return failed(server, QR_ERROR_RESOURCE_NOT_ONLINE, "it has never been online on this node");
    }
    length = (uint64_t)snprintf(endpoint, sizeof endpoint, "%s:%u", server->address, (unsigned)server->port);
    *returned = length;
    if (length > output_len) {
        return QR_ERROR_MORE_DATA;
    }
    memcpy(output, endpoint, length);
    return QR_ERROR_SUCCESS;
}

static uint64_t server_last_error(QrResid resid, uint8_t *buffer, uint64_t buffer_len)
{
    const struct server *server = resid;
    uint64_t length = strlen(server->error);
    if (buffer != NULL) {
        memcpy(buffer, server->error, length < buffer_len ? length : buffer_len);
    }
    return length;
}

static const struct QrTable table = {
    .size = sizeof(struct QrTable),
    .version = QR_ABI_VERSION_1_00,
    .open = server_open,
    .close = server_close,
    .online = server_online,
    .offline = server_offline,
    .terminate = server_terminate,
    .looks_alive = server_looks_alive,
    .is_alive = server_is_alive,
    .resource_control = server_control,
    .work = server_work,
    .last_error = server_last_error,
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
    services = host->get_service(text(QR_SERVICE_ID_SERVICE));
    probes = host->get_service(text(QR_SERVICE_ID_PROBE));
    properties = host->get_service(text(QR_SERVICE_ID_PROPERTIES));
    if (!QR_HAS(QrService, services, listen) || !QR_HAS(QrProbe, probes, port)
        || !QR_HAS(QrProperties, properties, provider_get)) {
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
        .doc = QR_STR("The service to start"),
        .default_ = QR_STR("httpd"),
    },
    {
        .size = sizeof(struct QrProperty),
        .kind = QR_PROPERTY_DWORD,
        .flags = QR_PROPERTY_AT_ONLINE,
        .name = QR_STR("Port"),
        .doc = QR_STR("The TCP port it answers on"),
        .default_ = QR_STR("80"),
        .min = PORT_MIN,
        .max = PORT_MAX,
    },
};

static const struct QrType types[] = {
    {
        .size = sizeof(struct QrType),
        .name = QR_STR(TYPE_NAME),
        .doc = QR_STR("A network service, probed on its port"),
        .looks_alive_ms = 5000,
        .is_alive_ms = 60000,
        .property_count = 2,
        .properties = type_properties,
    },
};

static const struct QrPlugin plugin = {
    .magic = QR_PLUGIN_MAGIC,
    .length = sizeof(struct QrPlugin),
    .abi_version = QR_ABI_VERSION_1_00,
    .pointer_width = 8 * sizeof(void *),
    .target = QR_STR(QR_TARGET),
    .name = QR_STR("c-file-server"),
    .version = QR_STR("0.1.0"),
    .description = QR_STR("A resource type for a network service, in C"),
    .flags = 0,
    .type_count = 1,
    .types = types,
    .startup = startup,
};

const struct QrPlugin *quorate_plugin_v1(void)
{
    return &plugin;
}
