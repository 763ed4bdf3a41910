/* {"do": "resync"} makes a phone or one folder of it start over; {"do":
 * "progress"} tells how much of each folder it has ("ids": of these alone). */
#include "gateway/operate/control_private.h"

#include <string.h>

#include "base/log.h"
#include "gateway/push/park.h"
#include "state/colls.h"
#include "state/devices.h"
#include "state/resync.h"
#include "state/verify.h"

/* The folders that the phone synchronises. */
static bool
folders_of(struct question *q, user_id user, const struct device *d,
	   struct coll **v_out, size_t *n_out, struct err *e)
{
	uint32_t *ids;
	size_t n, i, kept = 0;
	struct coll *v;

	if (!resync_colls(q->gw->store, user, device_of(d->id), q->a, &ids,
			  &n, e))
		return false;
	v = arena_array(q->a, n + 1, sizeof(*v));
	for (i = 0; i < n; i++) {
		struct err none = { 0 };

		kept += colls_get(q->gw->store, user, ids[i], q->a, &v[kept],
				  &none);
	}
	*v_out = v;
	*n_out = kept;
	return true;
}

static bool
is_called(const struct coll *c, struct span word)
{
	uint32_t id;

	return span_eq_ci(c->name, word) ||
	       (coll_parse(word, &id) && id == c->id);
}

/* NULL: *refused says why. */
static const struct coll *
folder_named(struct question *q, const struct coll *v, size_t n,
	     json_t **refused)
{
	struct span word = span_of(control_word(q, "folder"));
	const struct coll *found = NULL;
	const char *ids = "";
	size_t i, hits = 0;

	for (i = 0; i < n; i++)
		if (is_called(&v[i], word)) {
			ids = arena_printf(q->a, "%s%s%u", ids,
					   hits++ ? ", " : "", v[i].id);
			found = &v[i];
		}
	if (hits == 1)
		return found;
	*refused = control_refuse(
		hits > 1 ? arena_printf(q->a, "%zu folders are called \""
					SPAN_FMT "\": write the number of "
					"one (%s)", hits, SPAN_ARG(word), ids)
			 : arena_printf(q->a, "the phone synchronises no "
					"folder \"" SPAN_FMT "\"",
					SPAN_ARG(word)));
	return NULL;
}

static json_t *
names_of(const struct coll *v, size_t n)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < n; i++)
		json_array_append_new(list, json_integer(v[i].id));
	return list;
}

static bool
carry_out(struct question *q, user_id user, const struct device *d,
	  const struct coll *c, struct err *e)
{
	struct dev_coll dc = { user, device_of(d->id), c ? c->id : 0 };

	if (!(c ? resync_coll(q->gw->store, dc, e)
		: resync_device(q->gw->store, user, d->id, e)))
		return false;
	log_line(LOG_INFO, "device", "order=resync user=%s dev=" SPAN_FMT
		 " coll=%u", control_word(q, "user"), SPAN_ARG(d->id),
		 dc.coll);
	/* A phone that waits hears of it now. */
	if (c != NULL)
		park_post(q->gw, user, c->id, 0);
	else
		park_supersede(q->gw, user, dc.device);
	return true;
}

json_t *
control_resync(struct question *q)
{
	const char *login = control_login(q);
	user_id user = user_of(span_of(login));
	const struct coll *one = NULL;
	struct err e = { 0 };
	json_t *refused = NULL;
	struct device *d;
	struct coll *v;
	size_t n;

	d = control_device(q, login, &refused);
	if (d == NULL)
		return refused;
	if (!folders_of(q, user, d, &v, &n, &e))
		return control_refuse(e.text);
	if (control_word(q, "folder")[0] != '\0') {
		one = folder_named(q, v, n, &refused);
		if (one == NULL)
			return refused;
	}
	if (!carry_out(q, user, d, one, &e))
		return control_refuse(e.text);
	return json_pack("{sbso}", "ok", 1, "folders",
			 one ? names_of(one, 1) : names_of(v, n));
}

static json_t *
progress_of(struct question *q, user_id user, const struct device *d,
	    const struct coll *c)
{
	struct dev_coll dc = { user, device_of(d->id), c->id };
	struct ledger_count n = { 0 };
	struct differs unused;
	struct err e = { 0 };
	json_t *name;

	if (!verify_ledger(q->gw->store, dc, false, q->a, &unused, &n, &e))
		return NULL;
	name = json_stringn(c->name.p, c->name.n);
	return json_pack("{si so sI sI}", "id", (int)c->id, "folder",
			 name ? name : json_string(""), "has",
			 (json_int_t)n.has, "should", (json_int_t)n.should);
}

/* Counting reads every item: only what is asked for. */
static bool
is_asked(const json_t *ids, uint32_t coll)
{
	const json_t *one;
	size_t i;

	json_array_foreach(ids, i, one)
		if (json_integer_value(one) == (json_int_t)coll)
			return true;
	return !json_is_array(ids);
}

json_t *
control_progress(struct question *q)
{
	const char *login = control_login(q);
	user_id user = user_of(span_of(login));
	json_t *refused = NULL, *list, *one;
	struct device *d = control_device(q, login, &refused);
	struct err e = { 0 };
	struct coll *v;
	size_t n, i;

	if (d == NULL)
		return refused;
	if (!folders_of(q, user, d, &v, &n, &e))
		return control_refuse(e.text);
	list = json_array();
	for (i = 0; i < n; i++) {
		if (!is_asked(json_object_get(q->q, "ids"), v[i].id))
			continue;
		one = progress_of(q, user, d, &v[i]);
		if (one != NULL)
			json_array_append_new(list, one);
	}
	return json_pack("{sbsosb}", "ok", 1, "folders", list, "waiting",
			 park_device_waiting(q->gw, user, device_of(d->id)));
}
