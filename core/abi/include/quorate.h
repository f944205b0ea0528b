/*
 * Quorate's plugin contract, version 1.0. Written from core/abi/src by its tests: do not edit.
 *
 * A plugin library exports one function, quorate_plugin_v1, and gives its QrPlugin block through it. docs/plugins.md
 * goes through the contract call by call; plugins/examples/c-file-server is a small plugin from top to bottom.
 *
 * Rules for everything here:
 *  - fixed-width integers and pointers only; text is UTF-8 with a length and no terminator;
 *  - text handed to a call is borrowed for that call; output goes into a buffer of the caller's; nobody frees the
 *    other's memory;
 *  - each table begins with its size and version; a field counts only if the size covers it;
 *  - a NULL entry means "not supported";
 *  - nothing unwinds across the boundary: no C++ exception may leave an entry.
 */

#ifndef QUORATE_H
#define QUORATE_H

#include <stddef.h>
#include <stdint.h>

/** Marks the one function that a plugin exports. */
#if defined(__GNUC__)
#define QR_EXPORT __attribute__((visibility("default")))
#else
#define QR_EXPORT
#endif

/** A QrStr of a string literal, to initialise one with. */
#define QR_STR(literal) { (const uint8_t *)(literal), sizeof(literal) - 1 }

/** Whether a table of the host's is there and has an entry: a host that is older may lack the last ones. */
#define QR_HAS(type, table, entry)                                                                             \
    ((table) != NULL && (table)->size >= offsetof(struct type, entry) + sizeof((table)->entry) &&             \
     (table)->entry != NULL)

/** The target that is compiled for, for QrPlugin.target. */
#if defined(__x86_64__) && defined(__linux__)
#define QR_TARGET "x86_64-linux"
#elif defined(__aarch64__) && defined(__linux__)
#define QR_TARGET "aarch64-linux"
#elif defined(__riscv) && __riscv_xlen == 64 && defined(__linux__)
#define QR_TARGET "riscv64-linux"
#endif

/* The host's services, for QrHost.get_service: each is a table of the same name. */
#define QR_SERVICE_ID_CLOCK "quorate.clock/1"
#define QR_SERVICE_ID_RANDOM "quorate.random/1"
#define QR_SERVICE_ID_PROPERTIES "quorate.properties/1"
#define QR_SERVICE_ID_SERVICE "quorate.service/1"
#define QR_SERVICE_ID_PROBE "quorate.probe/1"
#define QR_SERVICE_ID_DISK "quorate.disk/1"
#define QR_SERVICE_ID_ADDRESS "quorate.address/1"
#define QR_SERVICE_ID_NAME "quorate.name/1"
#define QR_SERVICE_ID_CHECKPOINT "quorate.checkpoint/1"
#define QR_SERVICE_ID_CLUSTER "quorate.cluster/1"
#define QR_SERVICE_ID_LOG "quorate.log/1"
#define QR_SERVICE_ID_SCRIPT "quorate.script/1"

struct QrInstance;
struct QrStr;
struct QrPlugin;
struct QrType;
struct QrProperty;
struct QrWork;
struct QrTable;
struct QrHost;
struct QrClock;
struct QrRandom;
struct QrProperties;
struct QrService;
struct QrProbe;
struct QrDisk;
struct QrAddress;
struct QrName;
struct QrCheckpoint;
struct QrCluster;
struct QrLog;
struct QrScript;


/**
 * Done.
 */
#define QR_ERROR_SUCCESS 0

/**
 * Not supported by this type.
 */
#define QR_ERROR_INVALID_FUNCTION 1

/**
 * No such file.
 */
#define QR_ERROR_FILE_NOT_FOUND 2

/**
 * Not allowed in this state or for this caller.
 */
#define QR_ERROR_ACCESS_DENIED 5

/**
 * The disk is write-protected.
 */
#define QR_ERROR_WRITE_PROTECT 19

/**
 * The device is not there or not mounted.
 */
#define QR_ERROR_NOT_READY 21

/**
 * The device reports an error.
 */
#define QR_ERROR_GEN_FAILURE 31

/**
 * A host service or ability is not there.
 */
#define QR_ERROR_NOT_SUPPORTED 50

/**
 * The name is in use already.
 */
#define QR_ERROR_DUP_NAME 52

/**
 * The network or card does not work.
 */
#define QR_ERROR_NETNAME_DELETED 64

/**
 * A bad value.
 */
#define QR_ERROR_INVALID_PARAMETER 87

/**
 * The disk is full.
 */
#define QR_ERROR_DISK_FULL 112

/**
 * The resource is busy: reserved by another node, or files are open.
 */
#define QR_ERROR_BUSY 170

/**
 * The buffer is too small.
 */
#define QR_ERROR_MORE_DATA 234

/**
 * Took too long.
 */
#define QR_ERROR_TIMEOUT 258

/**
 * Given up since something else was asked for.
 */
#define QR_ERROR_OPERATION_ABORTED 995

/**
 * A request to a device is not finished: the same request later asks how it went.
 */
#define QR_ERROR_IO_INCOMPLETE 996

/**
 * Started and not finished.
 */
#define QR_ERROR_IO_PENDING 997

/**
 * The service did not answer in time.
 */
#define QR_ERROR_SERVICE_REQUEST_TIMEOUT 1053

/**
 * No such service.
 */
#define QR_ERROR_SERVICE_DOES_NOT_EXIST 1060

/**
 * The service takes no orders in its present state, such as a start while it stops.
 */
#define QR_ERROR_SERVICE_CANNOT_ACCEPT_CTRL 1061

/**
 * The service is not running.
 */
#define QR_ERROR_SERVICE_NOT_ACTIVE 1062

/**
 * The device does not answer, or could not flush what was written.
 */
#define QR_ERROR_IO_DEVICE 1117

/**
 * The connection was refused.
 */
#define QR_ERROR_CONNECTION_REFUSED 1225

/**
 * The network is not there, or does not work on this node.
 */
#define QR_ERROR_NETWORK_UNREACHABLE 1231

/**
 * Nothing is found under this name.
 */
#define QR_ERROR_NOT_FOUND 1168

/**
 * No version in common.
 */
#define QR_ERROR_REVISION_MISMATCH 1306

/**
 * No answer in time: the original has this beside 258.
 */
#define QR_ERROR_TIMEOUT_EXPIRED 1460

/**
 * The resource's property is missing or bad.
 */
#define QR_ERROR_RESOURCE_PROPERTY 1610

/**
 * The resource depends on one that is not there.
 */
#define QR_ERROR_DEPENDENCY_NOT_FOUND 5002

/**
 * The resource is not online.
 */
#define QR_ERROR_RESOURCE_NOT_ONLINE 5004

/**
 * The resource is not open in this monitor.
 */
#define QR_ERROR_RESOURCE_NOT_AVAILABLE 5006

/**
 * The resource's type cannot be the quorum resource.
 */
#define QR_ERROR_NOT_QUORUM_CAPABLE 5021

/**
 * The resource failed.
 */
#define QR_ERROR_RESOURCE_FAILED 5038

/**
 * The cluster has no such network.
 */
#define QR_ERROR_CLUSTER_NETWORK_NOT_FOUND 5045

/**
 * The address is in use already.
 */
#define QR_ERROR_CLUSTER_IPADDR_IN_USE 5057

/**
 * No such resource type.
 */
#define QR_ERROR_RESOURCE_TYPE_NOT_FOUND 5078

/**
 * No such name.
 */
#define QR_DNS_ERROR_RCODE_NAME_ERROR 9003

/**
 * The name server refuses to register the name.
 */
#define QR_DNS_ERROR_RCODE_REFUSED 9005

/**
 * The port is taken.
 */
#define QR_WSAEADDRINUSE 10048

/**
 * The address is not on this node.
 */
#define QR_WSAEADDRNOTAVAIL 10049

/**
 * The connection timed out.
 */
#define QR_WSAETIMEDOUT 10060

/**
 * The connection was refused, as sockets say it.
 */
#define QR_WSAECONNREFUSED 10061

/**
 * The entry panicked; `QrTable.last_error` has the message.
 */
#define QR_ERROR_PANIC 3763425362

/**
 * Level of a log line: information.
 */
#define QR_LOG_INFORMATION 0

/**
 * Level of a log line: warning.
 */
#define QR_LOG_WARNING 1

/**
 * Level of a log line: error.
 */
#define QR_LOG_ERROR 2

/**
 * Level of a log line: severe.
 */
#define QR_LOG_SEVERE 3

/**
 * What the resource can be: a number, 1 where its type can be the quorum.
 */
#define QR_CLUSCTL_RESOURCE_GET_CHARACTERISTICS 16777221

/**
 * What kind of thing it is: two numbers, class (1 storage, 0 no class) and subclass (0x80000000 shared).
 */
#define QR_CLUSCTL_RESOURCE_GET_CLASS_INFO 16777229

/**
 * The types that it has to depend on: one a line.
 */
#define QR_CLUSCTL_RESOURCE_GET_REQUIRED_DEPENDENCIES 16777233

/**
 * The resource's name.
 */
#define QR_CLUSCTL_RESOURCE_GET_NAME 16777257

/**
 * The name of its type.
 */
#define QR_CLUSCTL_RESOURCE_GET_RESOURCE_TYPE 16777261

/**
 * The names of its common properties: one a line.
 */
#define QR_CLUSCTL_RESOURCE_ENUM_COMMON_PROPERTIES 16777297

/**
 * The names of its private properties: one a line.
 */
#define QR_CLUSCTL_RESOURCE_ENUM_PRIVATE_PROPERTIES 16777337

/**
 * Its private properties: one `Name=Value` a line.
 */
#define QR_CLUSCTL_RESOURCE_GET_PRIVATE_PROPERTIES 16777345

/**
 * The name in the network of a Network Name.
 */
#define QR_CLUSCTL_RESOURCE_GET_NETWORK_NAME 16777577

/**
 * What there is to say of a disk: one `Name=Value` a line.
 */
#define QR_CLUSCTL_RESOURCE_STORAGE_GET_DISK_INFO 16777617

/**
 * Whether a path, the input, is on the disk: no output, or error 3.
 */
#define QR_CLUSCTL_RESOURCE_STORAGE_IS_PATH_VALID 16777625

/**
 * What resources of the type can be: a number, 1 where the type can be the quorum.
 */
#define QR_CLUSCTL_RESOURCE_TYPE_GET_CHARACTERISTICS 33554437

/**
 * What kind of thing they are, as for a resource.
 */
#define QR_CLUSCTL_RESOURCE_TYPE_GET_CLASS_INFO 33554445

/**
 * The types that they have to depend on: one a line.
 */
#define QR_CLUSCTL_RESOURCE_TYPE_GET_REQUIRED_DEPENDENCIES 33554449

/**
 * The names of the private properties that they have: one a line.
 */
#define QR_CLUSCTL_RESOURCE_TYPE_ENUM_PRIVATE_PROPERTIES 33554553

/**
 * The first of a plugin's own codes for a resource. The next is 4 more, up to 0x012f_fffc.
 */
#define QR_CLUSCTL_RESOURCE_USER 18874368

/**
 * The first of a plugin's own codes for a resource type. The next is 4 more, up to 0x022f_fffc.
 */
#define QR_CLUSCTL_RESOURCE_TYPE_USER 35651584

/**
 * First word of `QrPlugin`: "QRPL" read as little-endian bytes.
 */
#define QR_PLUGIN_MAGIC 1280332369

/**
 * Version 1.0 of the contract, numbered as the original numbers it (`CLRES_VERSION_V1_00`).
 */
#define QR_ABI_VERSION_1_00 256

/**
 * Flag of `QrPlugin`: no process-wide state, so one image may serve several nodes at once.
 */
#define QR_PLUGIN_STATELESS 1

/**
 * Flag of `QrPlugin`: runs threads of its own, so a drill with it is not repeatable.
 */
#define QR_PLUGIN_THREADS 2

/**
 * Flag of `QrPlugin`: asks for a resource monitor process of its own unless a resource says otherwise.
 */
#define QR_PLUGIN_SEPARATE_MONITOR 4

/**
 * Flag of `QrType`: can be the quorum resource; `arbitrate` and `release` are there.
 */
#define QR_TYPE_QUORUM_CAPABLE 1

/**
 * Kind of `QrProperty`: text.
 */
#define QR_PROPERTY_SZ 1

/**
 * Kind of `QrProperty`: a number.
 */
#define QR_PROPERTY_DWORD 2

/**
 * Kind of `QrProperty`: 0 or 1.
 */
#define QR_PROPERTY_BOOL 3

/**
 * Kind of `QrProperty`: a list of texts.
 */
#define QR_PROPERTY_MULTI_SZ 4

/**
 * Flag of `QrProperty`: Online is refused without it.
 */
#define QR_PROPERTY_REQUIRED 1

/**
 * Flag of `QrProperty`: a change takes effect at the next Online.
 */
#define QR_PROPERTY_AT_ONLINE 2

/**
 * Service state: not running.
 */
#define QR_SERVICE_STOPPED 1

/**
 * Service state: starting.
 */
#define QR_SERVICE_START_PENDING 2

/**
 * Service state: stopping.
 */
#define QR_SERVICE_STOP_PENDING 3

/**
 * Service state: running, which does not say that it answers.
 */
#define QR_SERVICE_RUNNING 4

/**
 * Disk reservation: nobody holds it.
 */
#define QR_RESERVATION_NOBODY 0

/**
 * Disk reservation: this node holds it.
 */
#define QR_RESERVATION_HERE 1

/**
 * Disk reservation: another node holds it.
 */
#define QR_RESERVATION_ELSEWHERE 2

/**
 * How long a unit of work takes of a service that starts, where time is virtual, in milliseconds.
 */
#define QR_SERVICE_WORK_UNIT_MS 1000

/**
 * The most bytes (of UTF-8) that the key of a checkpoint may have; at least 1.
 */
#define QR_CHECKPOINT_KEY_MAX 255

/**
 * The most bytes of one checkpoint.
 */
#define QR_CHECKPOINT_BYTES_MAX 16384

/**
 * The most checkpoints of one resource.
 */
#define QR_CHECKPOINTS_MAX 16

/**
 * The host's handle of one resource instance. Handed to `open`, and back to the host with every service call.
 * A number in the guise of a pointer: there is nothing behind it. One that is stale or made up is refused.
 */
struct QrInstance;

/**
 * Text, borrowed: UTF-8, not terminated. A NULL `ptr` with `len` 0 is the empty text.
 */
struct QrStr {
  /**
   * First byte.
   */
  const uint8_t *ptr;
  /**
   * Bytes.
   */
  uint64_t len;
};

/**
 * One private property of a type.
 */
struct QrProperty {
  /**
   * `sizeof(QrProperty)` as the plugin was compiled; also the stride of the array.
   */
  uint32_t size;
  /**
   * `QR_PROPERTY_SZ` and its siblings.
   */
  uint32_t kind;
  /**
   * `QR_PROPERTY_REQUIRED` and its siblings.
   */
  uint32_t flags;
  /**
   * Zero.
   */
  uint32_t reserved;
  /**
   * Its name.
   */
  struct QrStr name;
  /**
   * Its unit, such as `ms`, or empty.
   */
  struct QrStr unit;
  /**
   * One line for people.
   */
  struct QrStr doc;
  /**
   * Its default as text (decimal for numbers, lines for lists).
   */
  struct QrStr default_;
  /**
   * Smallest number allowed.
   */
  uint64_t min;
  /**
   * Largest number allowed.
   */
  uint64_t max;
};

/**
 * One resource type.
 */
struct QrType {
  /**
   * `sizeof(QrType)` as the plugin was compiled; also the stride of the array.
   */
  uint32_t size;
  /**
   * `QR_TYPE_…` flags.
   */
  uint32_t flags;
  /**
   * The type's name, such as `Physical Disk`.
   */
  struct QrStr name;
  /**
   * One line for people.
   */
  struct QrStr doc;
  /**
   * The type's LooksAlive interval in ms, not 0 (original: 5000).
   */
  uint32_t looks_alive_ms;
  /**
   * The type's IsAlive interval in ms, not 0 (original: 60000).
   */
  uint32_t is_alive_ms;
  /**
   * Default of `PendingTimeout` in ms for this type; 0 takes the cluster's (180000).
   */
  uint32_t pending_timeout_ms;
  /**
   * How many properties follow.
   */
  uint32_t property_count;
  /**
   * The type's private properties.
   */
  const struct QrProperty *properties;
};

/**
 * The host's entries.
 */
struct QrHost {
  /**
   * `sizeof(QrHost)` as the host was compiled.
   */
  uint32_t size;
  /**
   * The host's contract version.
   */
  uint32_t version;
  /**
   * A service table by id, such as `quorate.disk/1`, or NULL. Callable from `startup` on; the table stays valid.
   */
  const void *(*get_service)(struct QrStr id);
  /**
   * `SetResourceStatus`, for plugins with threads of their own: the pending operation got on (997) or ended (0 or an
   * error). Returns 0 to go on, 1 to stop the operation and all its threads.
   */
  uint32_t (*set_resource_status)(const struct QrInstance *instance, uint32_t status, uint32_t checkpoint);
  /**
   * `LogEvent`: a line of at most 500 characters for the cluster log. `level` is `QR_LOG_INFORMATION` to `QR_LOG_SEVERE`.
   */
  void (*log_event)(const struct QrInstance *instance, uint32_t level, struct QrStr text);
};

/**
 * The plugin's own handle of one resource instance (`RESID`).
 */
typedef void *QrResid;

/**
 * What a call that may take time says of its progress. The host zeroes it (but `size`) before each call.
 */
struct QrWork {
  /**
   * `sizeof(QrWork)`, set by the host.
   */
  uint32_t size;
  /**
   * Call `work` again after this many ms; 0 with a pending operation means at once (the host lets 1 ms pass), 0
   * without one never. Only where `online` or `arbitrate` is done at once with 0 does an earlier call's wait stand.
   */
  uint32_t wait_ms;
  /**
   * Larger whenever the operation got on: a pending operation whose checkpoint stands still for longer than
   * `PendingTimeout` is terminated.
   */
  uint32_t checkpoint;
  /**
   * From `online` or the work that ends it: 1 if the type watches itself and will say so through `signal`: no
   * LooksAlive polling then (the original's event handle).
   */
  uint32_t has_event;
  /**
   * From `work` while online: 1 to signal the event: the host calls `is_alive` at once, to confirm.
   */
  uint32_t signal;
  /**
   * From `work` after a won `arbitrate`: 1 if the reservation is lost (`QuorumResourceLost`).
   */
  uint32_t quorum_lost;
};

/**
 * A type's entries, version 1.0. The v1 order of the original, then what it did not have.
 *
 * States: an instance is *offline* from `open`; *pending* from an `online`, `offline` or `arbitrate` that returned
 * `QR_ERROR_IO_PENDING` until `work` returns anything else; *online* from success until `offline`, `terminate` or a failed
 * check. "Any state" below means any state of an open instance. Every entry should return within 300 ms.
 */
struct QrTable {
  /**
   * `sizeof(QrTable)` as the plugin was compiled.
   */
  uint32_t size;
  /**
   * The table's version, `QR_ABI_VERSION_1_00`.
   */
  uint32_t version;
  /**
   * Makes an instance and leaves the thing offline. Required.
   */
  uint32_t (*open)(struct QrStr name, const struct QrInstance *instance, QrResid *resid);
  /**
   * Destroys the instance. The host has terminated it before, unless it was offline. Required.
   */
  void (*close)(QrResid resid);
  /**
   * Brings into service: 0, `QR_ERROR_IO_PENDING` or an error, on which the host calls `terminate`. Called offline; on an
   * online instance it is 0 and changes nothing. Required.
   */
  uint32_t (*online)(QrResid resid, struct QrWork *work);
  /**
   * Takes out of service gracefully: as `online`. Called online; on an offline instance it is 0. Required.
   */
  uint32_t (*offline)(QrResid resid, struct QrWork *work);
  /**
   * Takes out of service at once, in any state, cancelling what is pending. Required.
   */
  void (*terminate)(QrResid resid);
  /**
   * The cheap check: 1 alive, 0 not (the host then calls `is_alive` at once). Called online only. Required.
   */
  uint32_t (*looks_alive)(QrResid resid);
  /**
   * The thorough check: 1 alive, 0 not (Failed, and `terminate`). Called online only. Required.
   */
  uint32_t (*is_alive)(QrResid resid);
  /**
   * Gains the reservation and defends it from then on, in `work`. Legal from `open` on, before `online`. With
   * `release` required for quorum-capable types, NULL for others.
   */
  uint32_t (*arbitrate)(QrResid resid, struct QrWork *work);
  /**
   * Stops defending and gives the reservation up. The host does not call it at `offline`: a type's own offline does.
   */
  uint32_t (*release)(QrResid resid);
  /**
   * Handles a control code. `QR_ERROR_INVALID_FUNCTION` leaves it to the host; `QR_ERROR_MORE_DATA` says that the
   * buffer is too small and sets `returned` to what is needed. Any state.
   */
  uint32_t (*resource_control)(QrResid resid,
                               uint32_t code,
                               const uint8_t *input,
                               uint64_t input_len,
                               uint8_t *output,
                               uint64_t output_len,
                               uint64_t *returned);
  /**
   * The same for the type as a whole, at any time: there may be no instance. A code that was answered with
   * `QR_ERROR_MORE_DATA` comes again, and must have the same answer.
   */
  uint32_t (*resource_type_control)(struct QrStr type_name,
                                    uint32_t code,
                                    const uint8_t *input,
                                    uint64_t input_len,
                                    uint8_t *output,
                                    uint64_t output_len,
                                    uint64_t *returned);
  /**
   * Goes on with what is pending, or with what the type does by itself while online or defending (a probe, a lease, a
   * renewal). Called again `wait_ms` after the last call that set it. Pending: 0 done, `QR_ERROR_IO_PENDING` not yet,
   * or an error. Otherwise 0, or an error, which the host takes for a `signal` while online and for `quorum_lost`
   * while only defending. NULL if the type never asks for it.
   */
  uint32_t (*work)(QrResid resid, struct QrWork *work);
  /**
   * The last error of this instance as a sentence, copied into `buffer`; returns the whole length. Any state. May be NULL.
   */
  uint64_t (*last_error)(QrResid resid, uint8_t *buffer, uint64_t buffer_len);
  /**
   * An optional ability by id, or NULL. May be NULL itself.
   */
  const void *(*get_extension)(struct QrStr id);
};

/**
 * `Startup`: called once per resource type, before any of its other entries.
 *
 * Gives the newest table whose version lies in `min_version..=max_version`, or
 * `QR_ERROR_REVISION_MISMATCH` if there is none, or `QR_ERROR_RESOURCE_TYPE_NOT_FOUND` for an unknown type. `host`
 * and the table both stay valid for as long as the library is loaded.
 */
typedef uint32_t (*QrStartupFn)(struct QrStr type_name,
                                uint32_t min_version,
                                uint32_t max_version,
                                const struct QrHost *host,
                                const struct QrTable **table);

/**
 * What a library is: checked field by field, in this order, before anything else is called.
 */
struct QrPlugin {
  /**
   * `QR_PLUGIN_MAGIC`.
   */
  uint32_t magic;
  /**
   * `sizeof(QrPlugin)` as the plugin was compiled.
   */
  uint32_t length;
  /**
   * The contract's version the plugin was compiled against.
   */
  uint32_t abi_version;
  /**
   * Bits in a pointer.
   */
  uint32_t pointer_width;
  /**
   * The target it was built for, such as `x86_64-linux`.
   */
  struct QrStr target;
  /**
   * The plugin's name, such as `exres`.
   */
  struct QrStr name;
  /**
   * The plugin's own version.
   */
  struct QrStr version;
  /**
   * One line for people.
   */
  struct QrStr description;
  /**
   * `QR_PLUGIN_…` flags.
   */
  uint32_t flags;
  /**
   * How many types follow.
   */
  uint32_t type_count;
  /**
   * The resource types it implements.
   */
  const struct QrType *types;
  /**
   * The start-up function.
   */
  QrStartupFn startup;
};

/**
 * The node's clocks.
 */
struct QrClock {
  /**
   * Size of this table as the host was compiled.
   */
  uint32_t size;
  /**
   * The service's version: 1.
   */
  uint32_t version;
  /**
   * Milliseconds on the node's monotonic clock.
   */
  uint64_t (*now_ms)(const struct QrInstance *instance);
  /**
   * Milliseconds since 1970 UTC by the node's clock.
   */
  int64_t (*civil_ms)(const struct QrInstance *instance);
};

/**
 * The resource's own seeded generator.
 */
struct QrRandom {
  /**
   * Size of this table as the host was compiled.
   */
  uint32_t size;
  /**
   * The service's version: 1.
   */
  uint32_t version;
  /**
   * The next number.
   */
  uint64_t (*next)(const struct QrInstance *instance);
};

/**
 * The resource's properties and those of its providers.
 */
struct QrProperties {
  /**
   * Size of this table as the host was compiled.
   */
  uint32_t size;
  /**
   * The service's version: 1.
   */
  uint32_t version;
  /**
   * Copies a property's value as text: decimal for numbers, one line an entry for lists; the type's default where it is not set. `QR_ERROR_MORE_DATA` if the buffer is too small, `QR_ERROR_NOT_FOUND` if there is none.
   */
  uint32_t (*get)(const struct QrInstance *instance,
                  struct QrStr name,
                  uint8_t *buffer,
                  uint64_t buffer_len,
                  uint64_t *needed);
  /**
   * A number.
   */
  uint32_t (*get_u32)(const struct QrInstance *instance, struct QrStr name, uint32_t *value);
  /**
   * How many resources of a type this one depends on, directly or through others.
   */
  uint32_t (*provider_count)(const struct QrInstance *instance, struct QrStr type_name);
  /**
   * The name of one of them, in the order of the definition.
   */
  uint32_t (*provider_name)(const struct QrInstance *instance,
                            struct QrStr type_name,
                            uint32_t index,
                            uint8_t *buffer,
                            uint64_t buffer_len,
                            uint64_t *needed);
  /**
   * A property of one of them, as `get`.
   */
  uint32_t (*provider_get)(const struct QrInstance *instance,
                           struct QrStr type_name,
                           uint32_t index,
                           struct QrStr name,
                           uint8_t *buffer,
                           uint64_t buffer_len,
                           uint64_t *needed);
  /**
   * Gives a property of this resource a value of the moment, such as the address that was leased: what depends on it
   * reads this with `provider_get` in place of what is configured, until the resource is Offline or Failed or an
   * empty value takes it back. Its own `get` still reads what is configured. `QR_ERROR_INVALID_PARAMETER`
   * for an empty name, or too many.
   */
  uint32_t (*publish)(const struct QrInstance *instance, struct QrStr name, struct QrStr value);
};

/**
 * The node's service controller. A service is named within its resource: two resources never share a process.
 */
struct QrService {
  /**
   * Size of this table as the host was compiled.
   */
  uint32_t size;
  /**
   * The service's version: 1.
   */
  uint32_t version;
  /**
   * Starts a service and returns at once. `work_units` is how much it has to do before it runs (log to replay, say), 0 for none.
   * In a drill, in the tester's world and in the SDK's test host each takes `QR_SERVICE_WORK_UNIT_MS` beside the start
   * itself; on a real machine the work takes what it takes.
   */
  uint32_t (*start)(const struct QrInstance *instance, struct QrStr name, uint64_t work_units);
  /**
   * Asks it to stop and returns at once.
   */
  uint32_t (*stop)(const struct QrInstance *instance, struct QrStr name);
  /**
   * Kills it.
   */
  uint32_t (*kill)(const struct QrInstance *instance, struct QrStr name);
  /**
   * One of `QR_SERVICE_STOPPED` and its siblings.
   */
  uint32_t (*state)(const struct QrInstance *instance, struct QrStr name, uint32_t *state);
  /**
   * Makes the service answer on `address:port` with the protocol's banner (1), or no longer (0).
   */
  uint32_t (*listen)(const struct QrInstance *instance,
                     struct QrStr name,
                     struct QrStr address,
                     uint32_t port,
                     struct QrStr protocol,
                     uint32_t on);
  /**
   * As `start`, with what it is given at its start: parameters (of a service) or nothing, and the directory it runs in, empty for the controller's own.
   */
  uint32_t (*start_with)(const struct QrInstance *instance,
                         struct QrStr name,
                         uint64_t work_units,
                         struct QrStr parameters,
                         struct QrStr directory);
};

/**
 * Questions to running services.
 */
struct QrProbe {
  /**
   * Size of this table as the host was compiled.
   */
  uint32_t size;
  /**
   * The service's version: 1.
   */
  uint32_t version;
  /**
   * Calls into a service of this resource (RPC) and waits for its answer.
   */
  uint32_t (*service)(const struct QrInstance *instance, struct QrStr name);
  /**
   * Connects from this node and reads the banner.
   */
  uint32_t (*port)(const struct QrInstance *instance,
                   struct QrStr address,
                   uint32_t port,
                   struct QrStr protocol,
                   uint8_t *buffer,
                   uint64_t buffer_len,
                   uint64_t *needed);
  /**
   * Connects from this node, sends `request`, and reads the first line of the answer, without its end.
   *
   * Since this came later than the table, ask for it with `QR_HAS`.
   */
  uint32_t (*ask)(const struct QrInstance *instance,
                  struct QrStr address,
                  uint32_t port,
                  struct QrStr request,
                  uint8_t *buffer,
                  uint64_t buffer_len,
                  uint64_t *needed);
};

/**
 * Shared disks, by name.
 *
 * A disk may take its time. `reserve` that renews, `mount`, `unmount` without force, `list`, `write` and `read` are
 * begun by the first call; while the disk is at it each answers `QR_ERROR_IO_INCOMPLETE`, and nothing is done
 * yet. The same call of the same resource later takes what became of it, and for some seconds more the same again: so a
 * type that does several things is through with all of them when it has been called often enough. An operation of a
 * type is pending meanwhile; a check says what it knows.
 */
struct QrDisk {
  /**
   * Size of this table as the host was compiled.
   */
  uint32_t size;
  /**
   * The service's version: 1.
   */
  uint32_t version;
  /**
   * Takes the reservation if nobody holds it, or renews it. `QR_ERROR_BUSY` if another node does.
   */
  uint32_t (*reserve)(const struct QrInstance *instance, struct QrStr disk);
  /**
   * Breaks whatever reservation there is (bus reset); a live owner takes it again.
   */
  uint32_t (*break_reservation)(const struct QrInstance *instance, struct QrStr disk);
  /**
   * Gives the reservation up.
   */
  uint32_t (*release)(const struct QrInstance *instance, struct QrStr disk);
  /**
   * 1 if this node holds it.
   */
  uint32_t (*reserved)(const struct QrInstance *instance, struct QrStr disk, uint32_t *held);
  /**
   * Mounts the file system. Needs the reservation.
   */
  uint32_t (*mount)(const struct QrInstance *instance, struct QrStr disk);
  /**
   * Dismounts it; with `force` 1 even with files open or the disk gone.
   */
  uint32_t (*unmount)(const struct QrInstance *instance, struct QrStr disk, uint32_t force);
  /**
   * The root directory, one line an entry.
   */
  uint32_t (*list)(const struct QrInstance *instance,
                   struct QrStr disk,
                   uint8_t *buffer,
                   uint64_t buffer_len,
                   uint64_t *needed);
  /**
   * Writes a whole file and flushes it.
   */
  uint32_t (*write)(const struct QrInstance *instance,
                    struct QrStr disk,
                    struct QrStr file,
                    const uint8_t *bytes,
                    uint64_t bytes_len);
  /**
   * Reads a whole file.
   */
  uint32_t (*read)(const struct QrInstance *instance,
                   struct QrStr disk,
                   struct QrStr file,
                   uint8_t *buffer,
                   uint64_t buffer_len,
                   uint64_t *needed);
  /**
   * Who holds the reservation, without taking it: `QR_RESERVATION_NOBODY` and its siblings.
   */
  uint32_t (*reservation)(const struct QrInstance *instance, struct QrStr disk, uint32_t *holder);
};

/**
 * Network addresses of virtual servers.
 */
struct QrAddress {
  /**
   * Size of this table as the host was compiled.
   */
  uint32_t size;
  /**
   * The service's version: 1.
   */
  uint32_t version;
  /**
   * Plumbs an address on this node's card and announces it. `QR_ERROR_CLUSTER_IPADDR_IN_USE` if it answers elsewhere.
   */
  uint32_t (*add)(const struct QrInstance *instance, struct QrStr network, struct QrStr address);
  /**
   * Takes it away.
   */
  uint32_t (*remove)(const struct QrInstance *instance, struct QrStr network, struct QrStr address);
  /**
   * 0 if it is plumbed here and its card and network work.
   */
  uint32_t (*works)(const struct QrInstance *instance, struct QrStr network, struct QrStr address);
  /**
   * Asks the network's DHCP server for a lease or renews it.
   */
  uint32_t (*lease)(const struct QrInstance *instance,
                    struct QrStr network,
                    uint8_t *buffer,
                    uint64_t buffer_len,
                    uint64_t *needed,
                    uint32_t *seconds);
};

/**
 * Network names of virtual servers.
 */
struct QrName {
  /**
   * Size of this table as the host was compiled.
   */
  uint32_t size;
  /**
   * The service's version: 1.
   */
  uint32_t version;
  /**
   * Makes the name resolve to the address.
   */
  uint32_t (*register_)(const struct QrInstance *instance, struct QrStr name, struct QrStr address);
  /**
   * Takes it away.
   */
  uint32_t (*unregister)(const struct QrInstance *instance, struct QrStr name);
  /**
   * What it resolves to, asked from this node.
   */
  uint32_t (*resolve)(const struct QrInstance *instance,
                      struct QrStr name,
                      uint8_t *buffer,
                      uint64_t buffer_len,
                      uint64_t *needed);
};

/**
 * Bytes that follow the resource to its next owner.
 *
 * They are part of the cluster database and live where the quorum kind keeps that. The resource monitor has them at
 * once, so that `load` gives what `save` was given; the other nodes have them when the cluster has committed the
 * change, which takes a few writes and messages. A crash of the node in between loses the change, and the next owner
 * has what was there before. What was saved before an orderly offline is there on the next owner.
 *
 * A node gets the checkpoints when it becomes the owner, before `online`: in `open` there may be none, or old ones.
 */
struct QrCheckpoint {
  /**
   * Size of this table as the host was compiled.
   */
  uint32_t size;
  /**
   * The service's version: 1.
   */
  uint32_t version;
  /**
   * Stores them in place of what the key had. No bytes (`bytes_len` 0) take the checkpoint away.
   * `QR_ERROR_INVALID_PARAMETER` where a limit is passed: `QR_CHECKPOINT_KEY_MAX`, `QR_CHECKPOINT_BYTES_MAX`,
   * `QR_CHECKPOINTS_MAX`. Nothing is changed then.
   */
  uint32_t (*save)(const struct QrInstance *instance,
                   struct QrStr key,
                   const uint8_t *bytes,
                   uint64_t bytes_len);
  /**
   * The bytes last stored; `QR_ERROR_NOT_FOUND` where there are none.
   */
  uint32_t (*load)(const struct QrInstance *instance,
                   struct QrStr key,
                   uint8_t *buffer,
                   uint64_t buffer_len,
                   uint64_t *needed);
};

/**
 * The cluster, as far as a resource type may know it.
 */
struct QrCluster {
  /**
   * Size of this table as the host was compiled.
   */
  uint32_t size;
  /**
   * The service's version: 1.
   */
  uint32_t version;
  /**
   * How many nodes are configured.
   */
  uint32_t (*configured_nodes)(const struct QrInstance *instance);
  /**
   * How many resources of a type are Online or OnlinePending on this node in other groups than the caller's.
   */
  uint32_t (*online_here)(const struct QrInstance *instance, struct QrStr type_name);
  /**
   * A property, as configured, of the resource `index` of a type in other groups than the caller's, wherever they
   * are owned; the group's name if `property` is empty. `QR_ERROR_NOT_FOUND`(crate::QR_ERROR_NOT_FOUND) past the last.
   */
  uint32_t (*other)(const struct QrInstance *instance,
                    struct QrStr type_name,
                    uint32_t index,
                    struct QrStr property,
                    uint8_t *buffer,
                    uint64_t buffer_len,
                    uint64_t *needed);
  /**
   * The same of all of them at once: for each that has the property the name of its group and the value, both ended
   * by a zero byte. `QR_ERROR_RESOURCE_PROPERTY` if a value has a zero byte in it.
   */
  uint32_t (*others)(const struct QrInstance *instance,
                     struct QrStr type_name,
                     struct QrStr property,
                     uint8_t *buffer,
                     uint64_t buffer_len,
                     uint64_t *needed);
};

/**
 * The cluster log.
 */
struct QrLog {
  /**
   * Size of this table as the host was compiled.
   */
  uint32_t size;
  /**
   * The service's version: 1.
   */
  uint32_t version;
  /**
   * One line of at most 500 characters.
   */
  void (*write)(const struct QrInstance *instance, uint32_t level, struct QrStr text);
};

/**
 * Scripts that resources are written in.
 */
struct QrScript {
  /**
   * Size of this table as the host was compiled.
   */
  uint32_t size;
  /**
   * The service's version: 1.
   */
  uint32_t version;
  /**
   * The text of the script at `path`, which counts from the folder of the cluster's definition. `QR_ERROR_FILE_NOT_FOUND` if this node has no such file.
   */
  uint32_t (*load)(const struct QrInstance *instance,
                   struct QrStr path,
                   uint8_t *buffer,
                   uint64_t buffer_len,
                   uint64_t *needed);
};

/**
 * Type of `quorate_plugin_v1`. Callable at any time, from any thread; the block lives as long as the library.
 */
typedef const struct QrPlugin *(*QrEntryFn)(void);

#ifdef __cplusplus
extern "C" {
#endif

/**
 * What every plugin defines: gives its block, which lives as long as the library. Callable at any time, from any
 * thread.
 */
QR_EXPORT const struct QrPlugin *quorate_plugin_v1(void);

#ifdef __cplusplus
}
#endif

/* The layout that the host was compiled with. */
#if UINTPTR_MAX == UINT64_MAX
#ifdef __cplusplus
#define QR_ASSERT_LAYOUT(what) static_assert(what, #what)
#else
#define QR_ASSERT_LAYOUT(what) _Static_assert(what, #what)
#endif
QR_ASSERT_LAYOUT(offsetof(struct QrStr, ptr) == 0);
QR_ASSERT_LAYOUT(sizeof(((struct QrStr *)0)->ptr) == 8);
QR_ASSERT_LAYOUT(offsetof(struct QrStr, len) == 8);
QR_ASSERT_LAYOUT(sizeof(((struct QrStr *)0)->len) == 8);
QR_ASSERT_LAYOUT(sizeof(struct QrStr) == 16);
QR_ASSERT_LAYOUT(offsetof(struct QrPlugin, magic) == 0);
QR_ASSERT_LAYOUT(sizeof(((struct QrPlugin *)0)->magic) == 4);
QR_ASSERT_LAYOUT(offsetof(struct QrPlugin, length) == 4);
QR_ASSERT_LAYOUT(sizeof(((struct QrPlugin *)0)->length) == 4);
QR_ASSERT_LAYOUT(offsetof(struct QrPlugin, abi_version) == 8);
QR_ASSERT_LAYOUT(sizeof(((struct QrPlugin *)0)->abi_version) == 4);
QR_ASSERT_LAYOUT(offsetof(struct QrPlugin, pointer_width) == 12);
QR_ASSERT_LAYOUT(sizeof(((struct QrPlugin *)0)->pointer_width) == 4);
QR_ASSERT_LAYOUT(offsetof(struct QrPlugin, target) == 16);
QR_ASSERT_LAYOUT(sizeof(((struct QrPlugin *)0)->target) == 16);
QR_ASSERT_LAYOUT(offsetof(struct QrPlugin, name) == 32);
QR_ASSERT_LAYOUT(sizeof(((struct QrPlugin *)0)->name) == 16);
QR_ASSERT_LAYOUT(offsetof(struct QrPlugin, version) == 48);
QR_ASSERT_LAYOUT(sizeof(((struct QrPlugin *)0)->version) == 16);
QR_ASSERT_LAYOUT(offsetof(struct QrPlugin, description) == 64);
QR_ASSERT_LAYOUT(sizeof(((struct QrPlugin *)0)->description) == 16);
QR_ASSERT_LAYOUT(offsetof(struct QrPlugin, flags) == 80);
QR_ASSERT_LAYOUT(sizeof(((struct QrPlugin *)0)->flags) == 4);
QR_ASSERT_LAYOUT(offsetof(struct QrPlugin, type_count) == 84);
QR_ASSERT_LAYOUT(sizeof(((struct QrPlugin *)0)->type_count) == 4);
QR_ASSERT_LAYOUT(offsetof(struct QrPlugin, types) == 88);
QR_ASSERT_LAYOUT(sizeof(((struct QrPlugin *)0)->types) == 8);
QR_ASSERT_LAYOUT(offsetof(struct QrPlugin, startup) == 96);
QR_ASSERT_LAYOUT(sizeof(((struct QrPlugin *)0)->startup) == 8);
QR_ASSERT_LAYOUT(sizeof(struct QrPlugin) == 104);
QR_ASSERT_LAYOUT(offsetof(struct QrType, size) == 0);
QR_ASSERT_LAYOUT(sizeof(((struct QrType *)0)->size) == 4);
QR_ASSERT_LAYOUT(offsetof(struct QrType, flags) == 4);
QR_ASSERT_LAYOUT(sizeof(((struct QrType *)0)->flags) == 4);
QR_ASSERT_LAYOUT(offsetof(struct QrType, name) == 8);
QR_ASSERT_LAYOUT(sizeof(((struct QrType *)0)->name) == 16);
QR_ASSERT_LAYOUT(offsetof(struct QrType, doc) == 24);
QR_ASSERT_LAYOUT(sizeof(((struct QrType *)0)->doc) == 16);
QR_ASSERT_LAYOUT(offsetof(struct QrType, looks_alive_ms) == 40);
QR_ASSERT_LAYOUT(sizeof(((struct QrType *)0)->looks_alive_ms) == 4);
QR_ASSERT_LAYOUT(offsetof(struct QrType, is_alive_ms) == 44);
QR_ASSERT_LAYOUT(sizeof(((struct QrType *)0)->is_alive_ms) == 4);
QR_ASSERT_LAYOUT(offsetof(struct QrType, pending_timeout_ms) == 48);
QR_ASSERT_LAYOUT(sizeof(((struct QrType *)0)->pending_timeout_ms) == 4);
QR_ASSERT_LAYOUT(offsetof(struct QrType, property_count) == 52);
QR_ASSERT_LAYOUT(sizeof(((struct QrType *)0)->property_count) == 4);
QR_ASSERT_LAYOUT(offsetof(struct QrType, properties) == 56);
QR_ASSERT_LAYOUT(sizeof(((struct QrType *)0)->properties) == 8);
QR_ASSERT_LAYOUT(sizeof(struct QrType) == 64);
QR_ASSERT_LAYOUT(offsetof(struct QrProperty, size) == 0);
QR_ASSERT_LAYOUT(sizeof(((struct QrProperty *)0)->size) == 4);
QR_ASSERT_LAYOUT(offsetof(struct QrProperty, kind) == 4);
QR_ASSERT_LAYOUT(sizeof(((struct QrProperty *)0)->kind) == 4);
QR_ASSERT_LAYOUT(offsetof(struct QrProperty, flags) == 8);
QR_ASSERT_LAYOUT(sizeof(((struct QrProperty *)0)->flags) == 4);
QR_ASSERT_LAYOUT(offsetof(struct QrProperty, reserved) == 12);
QR_ASSERT_LAYOUT(sizeof(((struct QrProperty *)0)->reserved) == 4);
QR_ASSERT_LAYOUT(offsetof(struct QrProperty, name) == 16);
QR_ASSERT_LAYOUT(sizeof(((struct QrProperty *)0)->name) == 16);
QR_ASSERT_LAYOUT(offsetof(struct QrProperty, unit) == 32);
QR_ASSERT_LAYOUT(sizeof(((struct QrProperty *)0)->unit) == 16);
QR_ASSERT_LAYOUT(offsetof(struct QrProperty, doc) == 48);
QR_ASSERT_LAYOUT(sizeof(((struct QrProperty *)0)->doc) == 16);
QR_ASSERT_LAYOUT(offsetof(struct QrProperty, default_) == 64);
QR_ASSERT_LAYOUT(sizeof(((struct QrProperty *)0)->default_) == 16);
QR_ASSERT_LAYOUT(offsetof(struct QrProperty, min) == 80);
QR_ASSERT_LAYOUT(sizeof(((struct QrProperty *)0)->min) == 8);
QR_ASSERT_LAYOUT(offsetof(struct QrProperty, max) == 88);
QR_ASSERT_LAYOUT(sizeof(((struct QrProperty *)0)->max) == 8);
QR_ASSERT_LAYOUT(sizeof(struct QrProperty) == 96);
QR_ASSERT_LAYOUT(offsetof(struct QrWork, size) == 0);
QR_ASSERT_LAYOUT(sizeof(((struct QrWork *)0)->size) == 4);
QR_ASSERT_LAYOUT(offsetof(struct QrWork, wait_ms) == 4);
QR_ASSERT_LAYOUT(sizeof(((struct QrWork *)0)->wait_ms) == 4);
QR_ASSERT_LAYOUT(offsetof(struct QrWork, checkpoint) == 8);
QR_ASSERT_LAYOUT(sizeof(((struct QrWork *)0)->checkpoint) == 4);
QR_ASSERT_LAYOUT(offsetof(struct QrWork, has_event) == 12);
QR_ASSERT_LAYOUT(sizeof(((struct QrWork *)0)->has_event) == 4);
QR_ASSERT_LAYOUT(offsetof(struct QrWork, signal) == 16);
QR_ASSERT_LAYOUT(sizeof(((struct QrWork *)0)->signal) == 4);
QR_ASSERT_LAYOUT(offsetof(struct QrWork, quorum_lost) == 20);
QR_ASSERT_LAYOUT(sizeof(((struct QrWork *)0)->quorum_lost) == 4);
QR_ASSERT_LAYOUT(sizeof(struct QrWork) == 24);
QR_ASSERT_LAYOUT(offsetof(struct QrTable, size) == 0);
QR_ASSERT_LAYOUT(sizeof(((struct QrTable *)0)->size) == 4);
QR_ASSERT_LAYOUT(offsetof(struct QrTable, version) == 4);
QR_ASSERT_LAYOUT(sizeof(((struct QrTable *)0)->version) == 4);
QR_ASSERT_LAYOUT(offsetof(struct QrTable, open) == 8);
QR_ASSERT_LAYOUT(sizeof(((struct QrTable *)0)->open) == 8);
QR_ASSERT_LAYOUT(offsetof(struct QrTable, close) == 16);
QR_ASSERT_LAYOUT(sizeof(((struct QrTable *)0)->close) == 8);
QR_ASSERT_LAYOUT(offsetof(struct QrTable, online) == 24);
QR_ASSERT_LAYOUT(sizeof(((struct QrTable *)0)->online) == 8);
QR_ASSERT_LAYOUT(offsetof(struct QrTable, offline) == 32);
QR_ASSERT_LAYOUT(sizeof(((struct QrTable *)0)->offline) == 8);
QR_ASSERT_LAYOUT(offsetof(struct QrTable, terminate) == 40);
QR_ASSERT_LAYOUT(sizeof(((struct QrTable *)0)->terminate) == 8);
QR_ASSERT_LAYOUT(offsetof(struct QrTable, looks_alive) == 48);
QR_ASSERT_LAYOUT(sizeof(((struct QrTable *)0)->looks_alive) == 8);
QR_ASSERT_LAYOUT(offsetof(struct QrTable, is_alive) == 56);
QR_ASSERT_LAYOUT(sizeof(((struct QrTable *)0)->is_alive) == 8);
QR_ASSERT_LAYOUT(offsetof(struct QrTable, arbitrate) == 64);
QR_ASSERT_LAYOUT(sizeof(((struct QrTable *)0)->arbitrate) == 8);
QR_ASSERT_LAYOUT(offsetof(struct QrTable, release) == 72);
QR_ASSERT_LAYOUT(sizeof(((struct QrTable *)0)->release) == 8);
QR_ASSERT_LAYOUT(offsetof(struct QrTable, resource_control) == 80);
QR_ASSERT_LAYOUT(sizeof(((struct QrTable *)0)->resource_control) == 8);
QR_ASSERT_LAYOUT(offsetof(struct QrTable, resource_type_control) == 88);
QR_ASSERT_LAYOUT(sizeof(((struct QrTable *)0)->resource_type_control) == 8);
QR_ASSERT_LAYOUT(offsetof(struct QrTable, work) == 96);
QR_ASSERT_LAYOUT(sizeof(((struct QrTable *)0)->work) == 8);
QR_ASSERT_LAYOUT(offsetof(struct QrTable, last_error) == 104);
QR_ASSERT_LAYOUT(sizeof(((struct QrTable *)0)->last_error) == 8);
QR_ASSERT_LAYOUT(offsetof(struct QrTable, get_extension) == 112);
QR_ASSERT_LAYOUT(sizeof(((struct QrTable *)0)->get_extension) == 8);
QR_ASSERT_LAYOUT(sizeof(struct QrTable) == 120);
QR_ASSERT_LAYOUT(offsetof(struct QrHost, size) == 0);
QR_ASSERT_LAYOUT(sizeof(((struct QrHost *)0)->size) == 4);
QR_ASSERT_LAYOUT(offsetof(struct QrHost, version) == 4);
QR_ASSERT_LAYOUT(sizeof(((struct QrHost *)0)->version) == 4);
QR_ASSERT_LAYOUT(offsetof(struct QrHost, get_service) == 8);
QR_ASSERT_LAYOUT(sizeof(((struct QrHost *)0)->get_service) == 8);
QR_ASSERT_LAYOUT(offsetof(struct QrHost, set_resource_status) == 16);
QR_ASSERT_LAYOUT(sizeof(((struct QrHost *)0)->set_resource_status) == 8);
QR_ASSERT_LAYOUT(offsetof(struct QrHost, log_event) == 24);
QR_ASSERT_LAYOUT(sizeof(((struct QrHost *)0)->log_event) == 8);
QR_ASSERT_LAYOUT(sizeof(struct QrHost) == 32);
QR_ASSERT_LAYOUT(offsetof(struct QrClock, size) == 0);
QR_ASSERT_LAYOUT(sizeof(((struct QrClock *)0)->size) == 4);
QR_ASSERT_LAYOUT(offsetof(struct QrClock, version) == 4);
QR_ASSERT_LAYOUT(sizeof(((struct QrClock *)0)->version) == 4);
QR_ASSERT_LAYOUT(offsetof(struct QrClock, now_ms) == 8);
QR_ASSERT_LAYOUT(sizeof(((struct QrClock *)0)->now_ms) == 8);
QR_ASSERT_LAYOUT(offsetof(struct QrClock, civil_ms) == 16);
QR_ASSERT_LAYOUT(sizeof(((struct QrClock *)0)->civil_ms) == 8);
QR_ASSERT_LAYOUT(sizeof(struct QrClock) == 24);
QR_ASSERT_LAYOUT(offsetof(struct QrRandom, size) == 0);
QR_ASSERT_LAYOUT(sizeof(((struct QrRandom *)0)->size) == 4);
QR_ASSERT_LAYOUT(offsetof(struct QrRandom, version) == 4);
QR_ASSERT_LAYOUT(sizeof(((struct QrRandom *)0)->version) == 4);
QR_ASSERT_LAYOUT(offsetof(struct QrRandom, next) == 8);
QR_ASSERT_LAYOUT(sizeof(((struct QrRandom *)0)->next) == 8);
QR_ASSERT_LAYOUT(sizeof(struct QrRandom) == 16);
QR_ASSERT_LAYOUT(offsetof(struct QrProperties, size) == 0);
QR_ASSERT_LAYOUT(sizeof(((struct QrProperties *)0)->size) == 4);
QR_ASSERT_LAYOUT(offsetof(struct QrProperties, version) == 4);
QR_ASSERT_LAYOUT(sizeof(((struct QrProperties *)0)->version) == 4);
QR_ASSERT_LAYOUT(offsetof(struct QrProperties, get) == 8);
QR_ASSERT_LAYOUT(sizeof(((struct QrProperties *)0)->get) == 8);
QR_ASSERT_LAYOUT(offsetof(struct QrProperties, get_u32) == 16);
QR_ASSERT_LAYOUT(sizeof(((struct QrProperties *)0)->get_u32) == 8);
QR_ASSERT_LAYOUT(offsetof(struct QrProperties, provider_count) == 24);
QR_ASSERT_LAYOUT(sizeof(((struct QrProperties *)0)->provider_count) == 8);
QR_ASSERT_LAYOUT(offsetof(struct QrProperties, provider_name) == 32);
QR_ASSERT_LAYOUT(sizeof(((struct QrProperties *)0)->provider_name) == 8);
QR_ASSERT_LAYOUT(offsetof(struct QrProperties, provider_get) == 40);
QR_ASSERT_LAYOUT(sizeof(((struct QrProperties *)0)->provider_get) == 8);
QR_ASSERT_LAYOUT(offsetof(struct QrProperties, publish) == 48);
QR_ASSERT_LAYOUT(sizeof(((struct QrProperties *)0)->publish) == 8);
QR_ASSERT_LAYOUT(sizeof(struct QrProperties) == 56);
QR_ASSERT_LAYOUT(offsetof(struct QrService, size) == 0);
QR_ASSERT_LAYOUT(sizeof(((struct QrService *)0)->size) == 4);
QR_ASSERT_LAYOUT(offsetof(struct QrService, version) == 4);
QR_ASSERT_LAYOUT(sizeof(((struct QrService *)0)->version) == 4);
QR_ASSERT_LAYOUT(offsetof(struct QrService, start) == 8);
QR_ASSERT_LAYOUT(sizeof(((struct QrService *)0)->start) == 8);
QR_ASSERT_LAYOUT(offsetof(struct QrService, stop) == 16);
QR_ASSERT_LAYOUT(sizeof(((struct QrService *)0)->stop) == 8);
QR_ASSERT_LAYOUT(offsetof(struct QrService, kill) == 24);
QR_ASSERT_LAYOUT(sizeof(((struct QrService *)0)->kill) == 8);
QR_ASSERT_LAYOUT(offsetof(struct QrService, state) == 32);
QR_ASSERT_LAYOUT(sizeof(((struct QrService *)0)->state) == 8);
QR_ASSERT_LAYOUT(offsetof(struct QrService, listen) == 40);
QR_ASSERT_LAYOUT(sizeof(((struct QrService *)0)->listen) == 8);
QR_ASSERT_LAYOUT(offsetof(struct QrService, start_with) == 48);
QR_ASSERT_LAYOUT(sizeof(((struct QrService *)0)->start_with) == 8);
QR_ASSERT_LAYOUT(sizeof(struct QrService) == 56);
QR_ASSERT_LAYOUT(offsetof(struct QrProbe, size) == 0);
QR_ASSERT_LAYOUT(sizeof(((struct QrProbe *)0)->size) == 4);
QR_ASSERT_LAYOUT(offsetof(struct QrProbe, version) == 4);
QR_ASSERT_LAYOUT(sizeof(((struct QrProbe *)0)->version) == 4);
QR_ASSERT_LAYOUT(offsetof(struct QrProbe, service) == 8);
QR_ASSERT_LAYOUT(sizeof(((struct QrProbe *)0)->service) == 8);
QR_ASSERT_LAYOUT(offsetof(struct QrProbe, port) == 16);
QR_ASSERT_LAYOUT(sizeof(((struct QrProbe *)0)->port) == 8);
QR_ASSERT_LAYOUT(offsetof(struct QrProbe, ask) == 24);
QR_ASSERT_LAYOUT(sizeof(((struct QrProbe *)0)->ask) == 8);
QR_ASSERT_LAYOUT(sizeof(struct QrProbe) == 32);
QR_ASSERT_LAYOUT(offsetof(struct QrDisk, size) == 0);
QR_ASSERT_LAYOUT(sizeof(((struct QrDisk *)0)->size) == 4);
QR_ASSERT_LAYOUT(offsetof(struct QrDisk, version) == 4);
QR_ASSERT_LAYOUT(sizeof(((struct QrDisk *)0)->version) == 4);
QR_ASSERT_LAYOUT(offsetof(struct QrDisk, reserve) == 8);
QR_ASSERT_LAYOUT(sizeof(((struct QrDisk *)0)->reserve) == 8);
QR_ASSERT_LAYOUT(offsetof(struct QrDisk, break_reservation) == 16);
QR_ASSERT_LAYOUT(sizeof(((struct QrDisk *)0)->break_reservation) == 8);
QR_ASSERT_LAYOUT(offsetof(struct QrDisk, release) == 24);
QR_ASSERT_LAYOUT(sizeof(((struct QrDisk *)0)->release) == 8);
QR_ASSERT_LAYOUT(offsetof(struct QrDisk, reserved) == 32);
QR_ASSERT_LAYOUT(sizeof(((struct QrDisk *)0)->reserved) == 8);
QR_ASSERT_LAYOUT(offsetof(struct QrDisk, mount) == 40);
QR_ASSERT_LAYOUT(sizeof(((struct QrDisk *)0)->mount) == 8);
QR_ASSERT_LAYOUT(offsetof(struct QrDisk, unmount) == 48);
QR_ASSERT_LAYOUT(sizeof(((struct QrDisk *)0)->unmount) == 8);
QR_ASSERT_LAYOUT(offsetof(struct QrDisk, list) == 56);
QR_ASSERT_LAYOUT(sizeof(((struct QrDisk *)0)->list) == 8);
QR_ASSERT_LAYOUT(offsetof(struct QrDisk, write) == 64);
QR_ASSERT_LAYOUT(sizeof(((struct QrDisk *)0)->write) == 8);
QR_ASSERT_LAYOUT(offsetof(struct QrDisk, read) == 72);
QR_ASSERT_LAYOUT(sizeof(((struct QrDisk *)0)->read) == 8);
QR_ASSERT_LAYOUT(offsetof(struct QrDisk, reservation) == 80);
QR_ASSERT_LAYOUT(sizeof(((struct QrDisk *)0)->reservation) == 8);
QR_ASSERT_LAYOUT(sizeof(struct QrDisk) == 88);
QR_ASSERT_LAYOUT(offsetof(struct QrAddress, size) == 0);
QR_ASSERT_LAYOUT(sizeof(((struct QrAddress *)0)->size) == 4);
QR_ASSERT_LAYOUT(offsetof(struct QrAddress, version) == 4);
QR_ASSERT_LAYOUT(sizeof(((struct QrAddress *)0)->version) == 4);
QR_ASSERT_LAYOUT(offsetof(struct QrAddress, add) == 8);
QR_ASSERT_LAYOUT(sizeof(((struct QrAddress *)0)->add) == 8);
QR_ASSERT_LAYOUT(offsetof(struct QrAddress, remove) == 16);
QR_ASSERT_LAYOUT(sizeof(((struct QrAddress *)0)->remove) == 8);
QR_ASSERT_LAYOUT(offsetof(struct QrAddress, works) == 24);
QR_ASSERT_LAYOUT(sizeof(((struct QrAddress *)0)->works) == 8);
QR_ASSERT_LAYOUT(offsetof(struct QrAddress, lease) == 32);
QR_ASSERT_LAYOUT(sizeof(((struct QrAddress *)0)->lease) == 8);
QR_ASSERT_LAYOUT(sizeof(struct QrAddress) == 40);
QR_ASSERT_LAYOUT(offsetof(struct QrName, size) == 0);
QR_ASSERT_LAYOUT(sizeof(((struct QrName *)0)->size) == 4);
QR_ASSERT_LAYOUT(offsetof(struct QrName, version) == 4);
QR_ASSERT_LAYOUT(sizeof(((struct QrName *)0)->version) == 4);
QR_ASSERT_LAYOUT(offsetof(struct QrName, register_) == 8);
QR_ASSERT_LAYOUT(sizeof(((struct QrName *)0)->register_) == 8);
QR_ASSERT_LAYOUT(offsetof(struct QrName, unregister) == 16);
QR_ASSERT_LAYOUT(sizeof(((struct QrName *)0)->unregister) == 8);
QR_ASSERT_LAYOUT(offsetof(struct QrName, resolve) == 24);
QR_ASSERT_LAYOUT(sizeof(((struct QrName *)0)->resolve) == 8);
QR_ASSERT_LAYOUT(sizeof(struct QrName) == 32);
QR_ASSERT_LAYOUT(offsetof(struct QrCheckpoint, size) == 0);
QR_ASSERT_LAYOUT(sizeof(((struct QrCheckpoint *)0)->size) == 4);
QR_ASSERT_LAYOUT(offsetof(struct QrCheckpoint, version) == 4);
QR_ASSERT_LAYOUT(sizeof(((struct QrCheckpoint *)0)->version) == 4);
QR_ASSERT_LAYOUT(offsetof(struct QrCheckpoint, save) == 8);
QR_ASSERT_LAYOUT(sizeof(((struct QrCheckpoint *)0)->save) == 8);
QR_ASSERT_LAYOUT(offsetof(struct QrCheckpoint, load) == 16);
QR_ASSERT_LAYOUT(sizeof(((struct QrCheckpoint *)0)->load) == 8);
QR_ASSERT_LAYOUT(sizeof(struct QrCheckpoint) == 24);
QR_ASSERT_LAYOUT(offsetof(struct QrCluster, size) == 0);
QR_ASSERT_LAYOUT(sizeof(((struct QrCluster *)0)->size) == 4);
QR_ASSERT_LAYOUT(offsetof(struct QrCluster, version) == 4);
QR_ASSERT_LAYOUT(sizeof(((struct QrCluster *)0)->version) == 4);
QR_ASSERT_LAYOUT(offsetof(struct QrCluster, configured_nodes) == 8);
QR_ASSERT_LAYOUT(sizeof(((struct QrCluster *)0)->configured_nodes) == 8);
QR_ASSERT_LAYOUT(offsetof(struct QrCluster, online_here) == 16);
QR_ASSERT_LAYOUT(sizeof(((struct QrCluster *)0)->online_here) == 8);
QR_ASSERT_LAYOUT(offsetof(struct QrCluster, other) == 24);
QR_ASSERT_LAYOUT(sizeof(((struct QrCluster *)0)->other) == 8);
QR_ASSERT_LAYOUT(offsetof(struct QrCluster, others) == 32);
QR_ASSERT_LAYOUT(sizeof(((struct QrCluster *)0)->others) == 8);
QR_ASSERT_LAYOUT(sizeof(struct QrCluster) == 40);
QR_ASSERT_LAYOUT(offsetof(struct QrLog, size) == 0);
QR_ASSERT_LAYOUT(sizeof(((struct QrLog *)0)->size) == 4);
QR_ASSERT_LAYOUT(offsetof(struct QrLog, version) == 4);
QR_ASSERT_LAYOUT(sizeof(((struct QrLog *)0)->version) == 4);
QR_ASSERT_LAYOUT(offsetof(struct QrLog, write) == 8);
QR_ASSERT_LAYOUT(sizeof(((struct QrLog *)0)->write) == 8);
QR_ASSERT_LAYOUT(sizeof(struct QrLog) == 16);
QR_ASSERT_LAYOUT(offsetof(struct QrScript, size) == 0);
QR_ASSERT_LAYOUT(sizeof(((struct QrScript *)0)->size) == 4);
QR_ASSERT_LAYOUT(offsetof(struct QrScript, version) == 4);
QR_ASSERT_LAYOUT(sizeof(((struct QrScript *)0)->version) == 4);
QR_ASSERT_LAYOUT(offsetof(struct QrScript, load) == 8);
QR_ASSERT_LAYOUT(sizeof(((struct QrScript *)0)->load) == 8);
QR_ASSERT_LAYOUT(sizeof(struct QrScript) == 16);
#undef QR_ASSERT_LAYOUT
#endif

#endif /* QUORATE_H */
