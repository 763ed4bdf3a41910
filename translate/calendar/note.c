#include "translate/calendar/note.h"

#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "translate/calendar/event_private.h"

#define CLASS NOTE_CLASS
#define CLASS_LINE "X-EASBRIDGE-MESSAGECLASS"
#define MAX_TITLE 100 /* characters of a first line as subject */

struct span
note_title(struct span text)
{
	struct span line = SPAN_NONE;

	while (text.n && !line.n)
		line = span_trim(span_take_until(&text, '\n'));
	return utf8_cut_chars(line, MAX_TITLE);
}

static struct span
subject_of(const struct view *v)
{
	return v->subject.n ? v->subject : note_title(v->body);
}

/* MS-ASNOTE_R57 */
bool
note_class_ok(struct span s)
{
	return span_eq_ci(s, SPAN(CLASS)) || span_starts_ci(s, SPAN(CLASS "."));
}

static struct span
class_of(struct cal *c)
{
	struct span s = cal_text(c->a, ics_value(c->master, CLASS_LINE));

	return note_class_ok(s) ? s : SPAN(CLASS);
}

static int64_t
modified(struct cal *c)
{
	static const char *const names[] = { "LAST-MODIFIED", "DTSTAMP",
					     "CREATED" };
	struct when w;

	for (size_t i = 0; i < 3; i++)
		if (cal_when(c, ics_find(c->master, names[i]), &w))
			return w.at;
	return c->env->now;
}

void
note_write(const struct tr_env *env, struct span ics, struct wbxml_writer *w)
{
	struct cal c;
	struct view v;

	if (!cal_open(env, ics, "VJOURNAL", &c, NULL)) {
		item_body_write(env,
			       SPAN("This note on the server could not be "
				    "read. It is unchanged there."),
			       SPAN_NONE, true, w);
		wbxml_str(w, WX_Notes_Subject, "(unreadable note)");
		wbxml_str(w, WX_Notes_MessageClass, CLASS);
		wbxml_str(w, WX_Notes_LastModifiedDate,
			  clock_compact(env->arena, env->now));
		return;
	}
	view_read(&c, c.master, &v);
	item_body_write(env, v.body, v.html, true, w);
	wbxml_text(w, WX_Notes_Subject, subject_of(&v));
	wbxml_text(w, WX_Notes_MessageClass, class_of(&c));
	wbxml_str(w, WX_Notes_LastModifiedDate,
		  clock_compact(env->arena, modified(&c)));
	wbxml_open(w, WX_Notes_Categories); /* even empty, as in events */
	for (size_t i = 0; i < v.n_category; i++)
		wbxml_text(w, WX_Notes_Category, v.category[i]);
	wbxml_close(w);
	wbxml_uint(w, WX_AirSyncBase_NativeBodyType,
		   v.body.n || !v.html.n ? 1 : 2);
}

/* ---- edits -------------------------------------------------------------*/

static bool
new_frame(const struct tr_env *env, struct span uid, int64_t now, struct cal *c,
	  struct err *e)
{
	const char *t = clock_compact(env->arena, now);

	if (!cal_open(env,
		      SPAN("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
			   "PRODID:-//easbridge//EN\r\nBEGIN:VJOURNAL\r\n"
			   "END:VJOURNAL\r\nEND:VCALENDAR\r\n"),
		      "VJOURNAL", c, e))
		return false;
	ics_set(c->a, c->master, "UID", SPAN_NONE, uid);
	ics_set(c->a, c->master, "DTSTAMP", SPAN_NONE, span_of(t));
	ics_set(c->a, c->master, "CREATED", SPAN_NONE, span_of(t));
	ics_set(c->a, c->master, "LAST-MODIFIED", SPAN_NONE, span_of(t));
	return true;
}

static void
edit_class(struct edit *ed, struct span sent)
{
	struct cal *c = ed->c;

	if (!sent.n || span_eq_ci(sent, class_of(c)))
		return;
	edit_text(ed, CLASS_LINE,
		  span_eq_ci(sent, SPAN(CLASS)) ? SPAN_NONE : sent);
}

static void
apply(struct edit *ed, const struct wbxml_node *data)
{
	const struct wbxml_node *n = wbxml_child(data, WX_Notes_Subject);

	if (n && !span_eq(span_trim(n->text), span_trim(subject_of(ed->v))))
		edit_text(ed, "SUMMARY", n->text);
	n = wbxml_child(data, WX_AirSyncBase_Body);
	if (n)
		edit_body(ed, n);
	n = wbxml_child(data, WX_Notes_Categories);
	if (n) {
		edit_categories(ed, n, WX_Notes_Category);
	} else if (ed->v->n_category) {
		ics_remove_all(ed->comp, "CATEGORIES");
		ed->changed = true;
	}
	edit_class(ed, wbxml_child_text(data, WX_Notes_MessageClass));
}

bool
note_patch(const struct tr_env *env, struct span old,
	   const struct wbxml_node *data, struct span uid, int64_t now,
	   struct span *out, struct err *e)
{
	struct span class = wbxml_child_text(data, WX_Notes_MessageClass);
	struct err why = { 0 };
	struct edit ed;
	struct view v;
	struct cal c;

	if (class.n && !note_class_ok(class))
		return err_set(e, ERR_INVALID, SCOPE_ITEM,
			       "note: MessageClass");
	if (!old.n && !new_frame(env, uid, now, &c, e))
		return false;
	if (old.n && !cal_open(env, old, "VJOURNAL", &c, &why))
		return err_set(e, why.code ? why.code : ERR_UNSUPPORTED,
			       SCOPE_ITEM, "the stored object is no note");
	view_read(&c, c.master, &v);
	ed = (struct edit){ .c = &c, .comp = c.master, .v = &v };
	apply(&ed, data);
	if (!ed.changed && old.n) {
		*out = old;
		return true;
	}
	if (old.n) {
		const char *t = clock_compact(c.a, now);

		ics_set(c.a, c.master, "LAST-MODIFIED", SPAN_NONE, span_of(t));
		ics_set(c.a, c.master, "DTSTAMP", SPAN_NONE, span_of(t));
	}
	*out = ics_print(c.a, c.root);
	return true;
}
