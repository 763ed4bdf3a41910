/* Requests that wait: park, wake, hang up. A parked request is its exchange
 * and one row here; no thread, no arena. Waking runs the request again from
 * its exchange, which is idempotent by construction (SYNC-CORE): so a wake
 * for nothing is harmless, and a lost one cannot happen as long as the order
 * is register, look, sleep. */
#ifndef GATEWAY_PARK_H
#define GATEWAY_PARK_H

#include "gateway/gateway.h"
#include "state/ids.h"

struct exchange;

enum wake_reason {
	WAKE_CHANGE,
	WAKE_TREE, /* the folder tree changed: Ping Status 7 */
	WAKE_TIMEOUT,
	WAKE_SUPERSEDED,
	WAKE_STOP
};

/* How a parked request is run again, on a worker: request_wake. Handed in, so
 * that nothing here depends on commands. */
typedef void park_wake_fn(struct gateway *gw, struct exchange *x,
			  enum wake_reason why, int64_t deadline_ms);

struct waits *waits_new(park_wake_fn *run);
void waits_free(struct waits **ws);

/* Registers the exchange for news of these collections (coll 0: of the
 * folder tree). Step one of register, look, sleep: until park_sleep the row
 * only notes that something was posted. Returns its handle. */
uint64_t park_register(struct gateway *gw, struct exchange *x, user_id user,
		       device_id device, const uint32_t *colls, size_t n,
		       int64_t deadline_ms);
/* The look found nothing: sleep. If news came since park_register, or the
 * gateway is stopping, the request is queued at once. After this call the
 * exchange belongs to the park. */
void park_sleep(struct gateway *gw, uint64_t handle);
/* The look found something: forget the row. */
void park_cancel(struct gateway *gw, uint64_t handle);

/* News committed: wakes who waits for that collection. */
void park_post(struct gateway *gw, user_id user, uint32_t coll, uint64_t seq);
/* A new request of the device ends its older waits (clients.md section 5). */
void park_supersede(struct gateway *gw, user_id user, device_id device);
/* Does anybody of this user wait; when did the last one. */
bool park_waiting(struct gateway *gw, user_id user);
bool park_device_waiting(struct gateway *gw, user_id user, device_id device);

/* Called by the watch thread: deadlines, and the phone of a row hung up. */
void park_tick(struct gateway *gw, int64_t now_ms);
void park_hangup(struct gateway *gw, uint64_t handle);
/* Wakes all with WAKE_STOP; later park_sleep wakes at once. */
void waits_stop(struct gateway *gw);
size_t waits_count(struct gateway *gw);

#endif
