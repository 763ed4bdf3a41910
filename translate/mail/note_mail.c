#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "translate/calendar/note.h"
#include "translate/mail/headers.h"
#include "translate/mail/note_mail_private.h"
#include "translate/text/html.h"
#include "translate/text/item_body.h"

static struct span
plain_text(const struct tr_env *env, const struct note_mail *n)
{
	return n->html.n ? html_to_text(env->arena, n->html, HTML_TEXT_BODY,
					MAX_BODY_BYTES, NULL)
			 : n->text;
}

bool
note_mail_read(const struct tr_env *env, struct span mail,
	       struct note_mail *n)
{
	struct span body;
	bool html;

	memset(n, 0, sizeof(*n));
	n->mail = mail;
	n->head = span_first(mail, header_end(mail));
	if (!mime_info(env->arena, mail, &n->info, NULL))
		return false;
	body = body_whole(env->arena, mail, &n->info, &n->plan, &html);
	*(html ? &n->html : &n->text) = body;
	n->subject = header_text(env->arena,
				 header_raw(n->info.header, "Subject", 0));
	if (!n->subject.n)
		n->subject = note_title(plain_text(env, n));
	note_keywords_read(env->arena, n);
	return true;
}

struct span
note_mail_class(struct arena *a, const struct note_mail *n)
{
	struct span s = header_text(
		a, header_raw(n->info.header, NOTE_CLASS_FIELD, 0));

	return note_class_ok(s) ? s : SPAN(NOTE_CLASS);
}

static int64_t
modified(const struct tr_env *env, const struct note_mail *n)
{
	static const char *const names[] = { "X-Mail-Modified-Date",
					     "X-Mail-Modified", "Date",
					     "X-Mail-Created-Date" };
	int64_t t;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (header_date(env->arena,
				header_raw(n->info.header, names[i], 0), &t) &&
		    t >= 0 && t < clock_days(9999, 1, 1) * 86400)
			return t;
	return env->now;
}

static void
write_stub(const struct tr_env *env, struct wbxml_writer *w)
{
	item_body_write(env,
			SPAN("This note on the server could not be read. It "
			     "is unchanged there."),
			SPAN_NONE, true, w);
	wbxml_str(w, WX_Notes_Subject, "(unreadable note)");
	wbxml_str(w, WX_Notes_MessageClass, NOTE_CLASS);
	wbxml_str(w, WX_Notes_LastModifiedDate,
		  clock_compact(env->arena, env->now));
}

void
note_mail_write(const struct tr_env *env, struct span mail,
		struct wbxml_writer *w)
{
	struct note_mail *n = arena_alloc(env->arena, sizeof(*n));

	if (!mail.n || !note_mail_read(env, mail, n)) {
		write_stub(env, w);
		return;
	}
	item_body_write(env, n->text, n->html, true, w);
	wbxml_text(w, WX_Notes_Subject, n->subject);
	wbxml_text(w, WX_Notes_MessageClass, note_mail_class(env->arena, n));
	wbxml_str(w, WX_Notes_LastModifiedDate,
		  clock_compact(env->arena, modified(env, n)));
	wbxml_open(w, WX_Notes_Categories); /* even empty, as in note.c */
	for (size_t i = 0; i < n->n_category; i++)
		wbxml_text(w, WX_Notes_Category, n->category[i]);
	wbxml_close(w);
	wbxml_uint(w, WX_AirSyncBase_NativeBodyType, n->html.n ? 2 : 1);
}

static bool
is_sealed(const struct mail_part *root)
{
	return part_is(root, "application", "pkcs7-mime") ||
	       part_is(root, "application", "x-pkcs7-mime") ||
	       part_is(root, "multipart", "encrypted");
}

struct span
note_mail_facts(struct arena *a, struct span mail, const char **flaw)
{
	struct mail_info info;

	*flaw = NULL;
	if (!mime_info(a, mail, &info, NULL)) {
		*flaw = "it cannot be read, phones see a stub";
		return SPAN_NONE;
	}
	if (is_sealed(info.root))
		*flaw = "it is encrypted, phones cannot read it";
	return span_trim(header_raw(info.header, NOTE_UUID_FIELD, 0));
}
