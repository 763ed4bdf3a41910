#include "gateway/accounts/objects.h"

#include "base/codec.h"
#include "translate/calendar/event.h"
#include "translate/calendar/note.h"
#include "translate/calendar/task.h"
#include "translate/contacts/contact.h"
#include "translate/mail/note_mail.h"

#define MAX_ADDED 100 /* attachments in one command */
/* The date of what is always in view: contacts, notes, tasks to be done,
 * endless series, and what cannot be read. */
#define ALWAYS (INT64_MAX - 1)

const char *
object_class(enum item_kind kind)
{
	static const char *const classes[KIND_COUNT] = {
		[KIND_EMAIL] = "Email",    [KIND_CONTACT] = "Contacts",
		[KIND_EVENT] = "Calendar", [KIND_TASK] = "Tasks",
		[KIND_NOTE] = "Notes",
	};

	return classes[kind];
}

bool
object_can(enum item_kind kind, unsigned version)
{
	return kind != KIND_NOTE || version >= 140;
}

void
object_write(const struct coll *c, const struct tr_env *env, struct span text,
	     struct wbxml_writer *w)
{
	switch (c->kind) {
	case KIND_CONTACT:
		contact_write(env, text, w);
		break;
	case KIND_TASK:
		task_write(env, text, w);
		break;
	case KIND_NOTE:
		if (remote_is_notes(c->remote))
			note_mail_write(env, text, w);
		else
			note_write(env, text, w);
		break;
	default:
		event_write(env, text, w);
	}
}

bool
object_patch(const struct coll *c, const struct tr_env *env, struct span old,
	     const struct wbxml_node *data, const struct tag_set *supported,
	     struct span uid, struct span *out, struct err *e)
{
	switch (c->kind) {
	case KIND_CONTACT:
		return contact_patch(env, old, data, supported, uid, out, e);
	case KIND_TASK:
		return task_patch(env, old, data, supported, uid, env->now,
				  out, e);
	case KIND_NOTE:
		return (remote_is_notes(c->remote) ? note_mail_patch
						   : note_patch)(
			env, old, data, uid, env->now, out, e);
	default:
		return event_patch(env, old, data, supported, uid, env->now,
				   out, e);
	}
}

struct span
object_uid(struct arena *a, const struct coll *c, struct span remote,
	   struct span name)
{
	if (!remote_is_notes(c->remote))
		return remote.n > 0 ? SPAN_NONE : name;
	return remote.n > 0 ? remote
			    : object_path(a, c->remote, c->kind, name);
}

bool
object_shows_more(enum item_kind kind, const struct tr_env *env,
		  struct span old, const struct wbxml_node *data,
		  struct span now)
{
	return kind == KIND_CONTACT &&
	       contact_shows_more(env, old, data, now);
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
		return ALWAYS;
	return f->start == INT64_MIN ? 0 : f->start;
}

static bool
ical_facts(struct arena *a, enum item_kind kind, struct change *c,
	   const char **flaw)
{
	static const enum item_kind kinds[] = {
		[OBJECT_EVENT] = KIND_EVENT,
		[OBJECT_TASK] = KIND_TASK,
		[OBJECT_JOURNAL] = KIND_NOTE,
	};
	struct object_facts f = { 0 };

	if (!event_facts(a, c->data, &f)) {
		*flaw = "it cannot be read, phones see a stub";
		return true;
	}
	if (f.kind != OBJECT_NONE && kinds[f.kind] != kind)
		return false;
	c->date = kind == KIND_NOTE		? ALWAYS
		  : kind == KIND_TASK		? task_date(c->data, &f)
		  : f.last_end == INT64_MAX	? ALWAYS
						: f.last_end;
	if (f.uid.n > 0)
		c->token = hash64(SPAN("uid"), f.uid);
	*flaw = f.flaw;
	return true;
}

static bool
card_facts(struct arena *a, struct change *c, const char **flaw)
{
	struct contact_facts f;

	if (!contact_facts(a, c->data, &f)) {
		*flaw = "it cannot be read, phones see a stub";
		return true;
	}
	if (f.uid.n > 0)
		c->token = hash64(SPAN("uid"), f.uid);
	*flaw = f.flaw;
	return !f.group;
}

static bool
mail_facts(struct arena *a, struct change *c, const char **flaw)
{
	struct span uid = note_mail_facts(a, c->data, flaw);

	if (uid.n > 0)
		c->token = hash64(SPAN("uid"), uid);
	return true;
}

bool
object_facts(const struct coll *coll, struct change *c, const char **flaw)
{
	struct arena *a = arena_new();
	bool mine = true;

	c->size = (uint32_t)c->data.n;
	c->date = ALWAYS;
	c->token = 0;
	*flaw = NULL;
	if (c->data.n == 0)
		*flaw = "its text could not be had, phones see nothing of it";
	else
		mine = remote_is_notes(coll->remote) ? mail_facts(a, c, flaw)
		       : coll->kind == KIND_CONTACT  ? card_facts(a, c, flaw)
						     : ical_facts(a, coll->kind,
								  c, flaw);
	arena_free(&a);
	return mine;
}
