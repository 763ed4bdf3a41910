/* What we know of each phone. Keyed by user and DeviceId together: one
 * phone may hold two accounts. */
#ifndef STATE_DEVICES_H
#define STATE_DEVICES_H

#include "state/ids.h"
#include "state/store.h"

/* Many collections of a kind as one (gateway/accounts/views.h). */
enum view_mode { VIEW_AUTO, VIEW_MERGED, VIEW_SEPARATE };
enum wipe_state {
	WIPE_NONE,
	WIPE_ORDERED,
	WIPE_SENT,
	WIPE_DONE,
	/* 16.1: this account alone (AccountOnlyRemoteWipe) */
	WIPE_ACCOUNT_ORDERED,
	WIPE_ACCOUNT_SENT,
	WIPE_ACCOUNT_DONE
};

struct device {
	struct span id, type, user_agent;
	struct span model, imei, friendly_name, os, os_language, phone,
		operator_name;
	uint32_t version;      /* last protocol version, 141 */
	uint32_t policy_key;   /* final; 0: none */
	uint32_t policy_temp;  /* handed out, not yet acknowledged */
	uint32_t policy_revision; /* of the policy acknowledged */
	enum wipe_state wipe;
	bool blocked;
	uint32_t hidden; /* bit 1 << item_kind: not for this phone */
	int64_t first_seen, last_seen;
	/* Ping as last time. */
	uint32_t ping_heartbeat;
	uint32_t *ping_colls;
	size_t n_ping_colls;
	struct span sync_cache; /* last Sync request, for empty ones */
	enum view_mode view;    /* ordered for this phone; VIEW_AUTO: not */
};

/* *found is false, and d zeroed, for a device never seen. */
bool device_load(struct store *s, user_id user, struct span device,
		 struct arena *a, struct device *out, bool *found,
		 struct err *e);
/* Read, change by fn, write, in one transaction; makes the device if it is
 * new (id set). fn may run more than once and must not block. What fn hangs
 * into the struct must live until the call returns. */
bool device_update(struct store *s, user_id user, struct span device,
		   void (*fn)(struct device *d, void *ctx), void *ctx,
		   struct err *e);
bool device_list(struct store *s, user_id user, struct arena *a,
		 struct device **v_out, size_t *n_out, struct err *e);
/* Forgets the device and all its ledgers. */
bool device_forget(struct store *s, user_id user, struct span device,
		   struct err *e);

#endif
