#include "gateway/accounts/objects.h"

#include "base/clock.h"
#include "base/codec.h"
#include "gateway/accounts/sessions.h"
#include "translate/calendar/event.h"
#include "translate/calendar/task.h"

/* Dates of tasks: what is to be done stays in view for ever. */
#define MAX_ADDED 100 /* attachments in one command */
#define TODO_DATE (INT64_MAX - 1)

bool
object_can(enum item_kind kind)
{
	return kind == KIND_EVENT || kind == KIND_TASK;
}

void
object_write(enum item_kind kind, const struct tr_env *env, struct span text,
	     struct wbxml_writer *w)
{
	if (kind == KIND_TASK)
		task_write(env, text, w);
	else
		event_write(env, text, w);
}

bool
object_patch(enum item_kind kind, const struct tr_env *env, struct span old,
	     const struct wbxml_node *data, const struct tag_set *supported,
	     struct span uid, struct span *out, struct err *e)
{
	if (kind == KIND_TASK)
		return task_patch(env, old, data, supported, uid, env->now,
				  out, e);
	return event_patch(env, old, data, supported, uid, env->now, out, e);
}

bool
object_patch_instance(enum item_kind kind, const struct tr_env *env,
		      struct span old, struct span instance,
		      const struct wbxml_node *data, struct span *out,
		      struct err *e)
{
	if (kind != KIND_EVENT)
		return err_set(e, ERR_INVALID, SCOPE_ITEM,
			       "only events have instances");
	if (data == NULL)
		return event_delete_instance(env, old, instance, env->now,
					     out, e);
	return event_patch_instance(env, old, instance, data, env->now, out,
				    e);
}

static void
write_references(struct wbxml_writer *w, const struct added_attachment *v,
		 size_t n)
{
	size_t i;

	wbxml_open(w, WX_AirSyncBase_Attachments);
	for (i = 0; i < n; i++) {
		wbxml_open(w, WX_AirSyncBase_Attachment);
		wbxml_text(w, WX_AirSyncBase_ClientId, v[i].client_id);
		wbxml_text(w, WX_AirSyncBase_FileReference,
			   v[i].file_reference);
		wbxml_close(w);
	}
	wbxml_close(w);
}

void
object_write_made(enum item_kind kind, const struct tr_env *env,
		  struct span text, const struct wbxml_node *data, bool is_new,
		  struct wbxml_writer *w)
{
	struct added_attachment added[MAX_ADDED];
	struct object_facts facts;
	size_t n;

	if (kind != KIND_EVENT || env->version < 160)
		return;
	n = event_added(env, data, added, MAX_ADDED);
	if (!is_new && n == 0)
		return;
	wbxml_open(w, WX_AirSync_ApplicationData);
	if (is_new && event_facts(env->arena, text, &facts) &&
	    facts.uid.n > 0)
		wbxml_text(w, WX_Calendar_UID, facts.uid);
	if (n > 0)
		write_references(w, added, n);
	wbxml_close(w);
}

bool
object_delete_shown(enum item_kind kind, const struct tr_env *env,
		    struct span old, struct span *out)
{
	return kind == KIND_EVENT &&
	       event_delete_shown(env, old, env->now, out);
}

/* ---- facts ------------------------------------------------------------------*/

static bool
has_line(struct span text, struct span line)
{
	size_t i;

	for (i = 0; i + line.n <= text.n; i++)
		if ((i == 0 || text.p[i - 1] == '\n') &&
		    span_starts_ci(span_from_at(text, i), line))
			return true;
	return false;
}

static int64_t
task_date(struct span text, const struct object_facts *f)
{
	bool done = has_line(text, SPAN("COMPLETED:")) ||
		    has_line(text, SPAN("COMPLETED;")) ||
		    has_line(text, SPAN("STATUS:COMPLETED"));

	if (!done)
		return TODO_DATE;
	return f->start == INT64_MIN ? 0 : f->start;
}

bool
object_facts(struct arena *a, enum item_kind kind, struct change *c)
{
	static const enum item_kind kinds[] = {
		[OBJECT_EVENT] = KIND_EVENT,
		[OBJECT_TASK] = KIND_TASK,
		[OBJECT_JOURNAL] = KIND_NOTE,
	};
	struct object_facts f = { 0 };

	c->size = (uint32_t)c->data.n;
	c->date = INT64_MAX - 1; /* unreadable: always in view, as a stub */
	c->token = 0;
	if (c->data.n == 0 || !event_facts(a, c->data, &f))
		return true;
	if (f.kind != OBJECT_NONE && kinds[f.kind] != kind)
		return false;
	c->date = kind == KIND_TASK ? task_date(c->data, &f)
		  : f.last_end == INT64_MAX ? INT64_MAX - 1
					    : f.last_end;
	if (f.uid.n > 0)
		c->token = hash64(SPAN("uid"), f.uid);
	return true;
}

/* ---- fetching ------------------------------------------------------------------*/

bool
objects_fetch(struct account *a, struct source *s, const struct coll *c,
	      struct arena *arena, struct harvest *h, struct err *e)
{
	size_t *index, n, i, kept = 0;
	struct object *v;

	if (!mirror_differs(a->gw->store, a->user, c->id, h, arena, &index,
			    &n, e))
		return false;
	v = arena_array(arena, n + 1, sizeof(*v));
	for (i = 0; i < n; i++)
		v[i].remote = h->puts[index[i]].remote;
	if (n > 0 && !source_get(s, c->remote, v, n, arena, e))
		return false;
	for (i = 0; i < n; i++) {
		struct change *ch = &h->puts[index[i]];

		ch->data = v[i].data;
		if (v[i].etag.n > 0) /* what was fetched, if it is newer */
			ch->etag = v[i].etag;
		if (!v[i].found || !object_facts(arena, c->kind, ch))
			ch->remote = SPAN_NONE;
	}
	for (i = 0; i < h->n_puts; i++)
		if (h->puts[i].remote.n > 0)
			h->puts[kept++] = h->puts[i];
	h->n_puts = kept;
	return true;
}

bool
objects_load(struct account *a, const struct coll *c,
	     const struct mirror_item *items, size_t n, struct arena *arena,
	     struct span *texts, int64_t deadline_ms, struct err *e)
{
	struct object *v = arena_array(arena, n + 1, sizeof(*v));
	size_t *at = arena_array(arena, n + 1, sizeof(*at));
	size_t i, missing = 0;
	struct source *s;
	bool found, ok;

	for (i = 0; i < n; i++) {
		if (!mirror_content(a->gw->store, a->user, c->id,
				    items[i].item, arena, &texts[i], &found,
				    e))
			return false;
		if (!found) {
			v[missing].remote = items[i].remote;
			at[missing++] = i;
		}
	}
	if (missing == 0)
		return true;
	s = account_checkout(a, c->source, deadline_ms, e);
	ok = s != NULL && source_get(s, c->remote, v, missing, arena, e);
	account_checkin(a, &s, !ok && account_broken(e));
	for (i = 0; ok && i < missing; i++)
		texts[at[i]] = v[i].data;
	return ok;
}
