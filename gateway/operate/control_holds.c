/* Phones whose edits are held: what is told of them, and the order that
 * releases them. */
#include "gateway/operate/control_private.h"

#include "base/clock.h"
#include "gateway/sync/brake.h"
#include "state/colls.h"
#include "state/devices.h"

/* What the brake holds, and what it would hold on the next trip. */
json_t *
control_holds(struct question *q, user_id user, const struct device *d,
	   bool *held)
{
	struct err e = { .code = ERR_NONE };
	json_t *list = json_array();
	struct hold *v = NULL;
	int64_t now = clock_wall();
	struct coll c;
	size_t n = 0, i;

	*held = false;
	hold_list(q->gw->store, user, device_of(d->id), q->a, &v, &n, &e);
	for (i = 0; i < n; i++) {
		bool holds = v[i].until == 0 || now < v[i].until;

		c = (struct coll){ .name = SPAN_NONE };
		colls_get(q->gw->store, user, v[i].coll, q->a, &c, &e);
		*held = *held || holds;
		json_array_append_new(
			list, json_pack("{so sI sI si so sb}", "folder",
					control_text(c.name), "since",
					(json_int_t)v[i].since, "until",
					(json_int_t)v[i].until, "trips",
					(int)v[i].trips, "why",
					control_text(v[i].why), "holds",
					holds ? 1 : 0));
	}
	return list;
}

bool
control_release(struct question *q, user_id user, const struct device *d,
	struct err *e)
{
	size_t n;

	if (!brake_release(q->gw, user, device_of(d->id), &n, e))
		return false;
	return n > 0 || err_set(e, ERR_NOT_FOUND, SCOPE_ACCOUNT,
				"nothing of this phone is held");
}
