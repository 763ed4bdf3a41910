/* vCards of any shape through everything that reads them. What stands behind
 * a NUL is a WBXML document that a phone sends as an edit. What was shown
 * and is sent back must not change a byte. */
#include <stdlib.h>
#include <string.h>

#include "translate/contacts/contact.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct wbxml_node *
shown(const struct tr_env *env, struct span card)
{
	struct buf b = BUF_INIT(64u << 20);
	struct wbxml_node *root = NULL;
	struct wbxml_writer w;
	struct err e = { 0 };

	wbxml_begin(&w, &b);
	wbxml_open(&w, WX_AirSync_ApplicationData);
	contact_write(env, card, &w);
	wbxml_close(&w);
	if (!wbxml_end(&w, &e) ||
	    !wbxml_read(env->arena, arena_dup(env->arena, buf_view(&b)), &root,
			&e))
		abort();
	buf_free(&b);
	return root;
}

static void
echo(const struct tr_env *env, struct span card)
{
	struct span out;
	struct err e = { 0 };

	/* (An empty object is none: a new one is made.) */
	if (card.n &&
	    contact_patch(env, card, shown(env, card), NULL, SPAN("u"), &out,
			  &e) &&
	    !span_eq(out, card))
		abort();
}

static void
edit(const struct tr_env *env, struct span card, struct span doc)
{
	struct wbxml_node *root;
	struct span out;
	struct err e = { 0 };

	if (!wbxml_read(env->arena, doc, &root, &e))
		return;
	if (contact_patch(env, card, root, NULL, SPAN("u"), &out, &e)) {
		contact_shows_more(env, card, root, out);
		echo(env, out);
	}
	contact_patch(env, SPAN_NONE, root, NULL, SPAN("u"), &out, NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct tr_env env = tr_env_make(a, 141);
	struct span card = span_from(data, size), doc = SPAN_NONE;
	const char *nul = size ? memchr(data, 0, size) : NULL;
	struct contact_facts facts;

	if (nul) {
		card = span_first(card, (size_t)(nul - card.p));
		doc = span_from_at(span_from(data, size), card.n + 1);
	}
	env.now = 1717236000;
	echo(&env, card);
	contact_facts(a, card, &facts);
	if (doc.n)
		edit(&env, card, doc);
	/* An edit of ours, so that cards alone reach the patching, too. */
	edit(&env, card,
	     SPAN("\x03\x01\x6a\x00\x5d\x00\x01\x5f\x03Zo\xc3\xab\x00\x01"
		  "\x6b\x03+1;2\x00\x01\x01"));
	arena_free(&a);
	return 0;
}
