/* Any bytes are a note: shown, edited, and the edit repeated is no edit. */
#include <stdlib.h>

#include "backends/imap/imap_notes.h"
#include "translate/mail/note_mail.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static const struct wbxml_node *
round_trip(const struct tr_env *env, struct span mail)
{
	struct buf b = BUF_INIT(64u << 20);
	struct wbxml_node *doc;
	struct wbxml_writer w;
	struct err e = { 0 };

	wbxml_begin(&w, &b);
	wbxml_open(&w, WX_AirSync_ApplicationData);
	note_mail_write(env, mail, &w);
	wbxml_close(&w);
	if (!wbxml_end(&w, &e))
		abort();
	if (!wbxml_read(env->arena, buf_view(&b), &doc, &e))
		abort();
	buf_free(&b);
	return doc;
}

/* Our own field and what a note is called. */
static void
name_it(struct arena *a, struct span raw)
{
	struct span with = note_replacing(a, raw, SPAN("1.2"));

	if (!span_eq(note_field(with, NOTES_REPLACES), SPAN("1.2")))
		abort();
	if (note_name(a, raw, SPAN("1.2")).n == 0)
		abort();
	note_replacing(a, with, SPAN_NONE);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena *a = arena_new();
	struct tr_env env = tr_env_make(a, 141);
	struct span raw = span_from_at(span_from(p, n), 1), out;
	const struct wbxml_node *data;
	struct err e = { 0 };
	const char *flaw;

	env.n_body = 1;
	env.body[0].type = n && p[0] & 1 ? BODY_HTML : BODY_TEXT;
	env.body[0].truncation = NO_TRUNCATION;
	name_it(a, raw);
	note_mail_facts(a, raw, &flaw);
	if (raw.n > 0) {
		data = round_trip(&env, raw);
		if (note_mail_patch(&env, raw, data, SPAN("u"), 0, &out, &e) &&
		    note_mail_patch(&env, SPAN_NONE, data, SPAN("u"), 0, &out,
				    &e))
			round_trip(&env, out);
	}
	arena_free(&a);
	return 0;
}
