/* Calendar objects of any shape through everything that reads them. The
 * first byte chooses the version; what stands behind a NUL is a WBXML
 * document that a phone sends as an edit. */
#include <stdlib.h>
#include <string.h>

#include "translate/calendar/event.h"
#include "translate/calendar/freebusy.h"
#include "translate/calendar/itip.h"
#include "translate/calendar/task.h"
#include "translate/text/content_lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct wbxml_node *
shown(const struct tr_env *env, struct span ics,
      void (*fn)(const struct tr_env *, struct span, struct wbxml_writer *))
{
	struct buf b = BUF_INIT(64u << 20);
	struct wbxml_node *root = NULL;
	struct wbxml_writer w;
	struct err e = { 0 };

	wbxml_begin(&w, &b);
	wbxml_open(&w, WX_AirSync_ApplicationData);
	fn(env, ics, &w);
	wbxml_close(&w);
	if (!wbxml_end(&w, &e))
		abort();
	/* Depth and node limits of the reader are not ours to break. */
	if (!wbxml_read(env->arena, arena_dup(env->arena, buf_view(&b)),
			&root, &e))
		abort();
	buf_free(&b);
	return root;
}

/* An edit is taken or refused; a second time, too. */
static void
edit(const struct tr_env *env, struct span ics, struct span doc)
{
	struct wbxml_node *root;
	struct span out, again;
	struct err e = { 0 };

	if (!wbxml_read(env->arena, doc, &root, &e))
		return;
	if (event_patch(env, ics, root, NULL, SPAN("u"), env->now, &out, &e))
		event_patch(env, out, root, NULL, SPAN("u"), env->now, &again,
			    &e);
	event_patch_instance(env, ics, SPAN("20240603T080000Z"), root,
			     env->now, &out, NULL);
	event_patch(env, SPAN_NONE, root, NULL, SPAN("u"), env->now, &out,
		    NULL);
	task_patch(env, SPAN_NONE, root, NULL, SPAN("u"), env->now, &out,
		   NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned versions[] = { 121, 140, 141, 160, 161 };
	static const struct span own = { "alice@example.org", 17 };
	struct itip_message m[MAX_ITIP_MESSAGES];
	struct itip_response r = { .answer = ITIP_ACCEPT };
	struct freebusy fb;
	struct object_facts facts;
	struct ics_comp *root;
	struct arena *a;
	struct tr_env env;
	struct span ics, doc, out;
	struct err e = { 0 };

	if (size < 2 || size > 65536)
		return 0;
	a = arena_new();
	env = tr_env_make(a, versions[data[0] % 5]);
	env.own = &own;
	env.n_own = 1;
	env.zone = "Europe/Berlin";
	env.now = 1717236000;
	env.ref = SPAN("5:1");
	doc = span_from(data + 1, size - 1);
	ics = span_take_until(&doc, 0);
	if (doc.n)
		edit(&env, ics, doc);
	if (ics_parse(a, ics, &root, NULL) &&
	    !span_eq(ics_print(a, root), span_starts(ics,
		SPAN("\xef\xbb\xbf")) ? span_from_at(ics, 3) : ics))
		abort();
	event_facts(a, ics, &facts);
	/* What is shown, sent back, is taken or refused, nothing else. */
	event_patch(&env, ics, shown(&env, ics, event_write), NULL,
		    SPAN("u"), env.now, &out, &e);
	err_clear(&e);
	task_patch(&env, ics, shown(&env, ics, task_write), NULL, SPAN("u"),
		   env.now, &out, &e);
	event_delete_instance(&env, ics, SPAN("20240603T080000Z"), env.now,
			      &out, NULL);
	itip_invite(&env, SPAN_NONE, ics, env.now, m);
	itip_respond(&env, ics, &r, env.now, m);
	meeting_response_patch(&env, ics, &r, env.now, &out, NULL);
	itip_apply(&env, ics, ics, env.now, &out, NULL);
	if (freebusy_begin(a, env.now, env.now + 86400, &fb)) {
		freebusy_add(&env, &fb, ics);
		freebusy_add_event(&env, &fb, ics);
	}
	arena_free(&a);
	return 0;
}
