#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/helper_mail.h"

struct span
read_file(struct arena *a, const char *path)
{
	FILE *f = fopen(path, "rb");
	struct span s = SPAN_NONE;
	long n;

	if (!f)
		return s;
	fseek(f, 0, SEEK_END);
	n = ftell(f);
	rewind(f);
	if (n > 0) {
		char *p = arena_alloc(a, (size_t)n + 1);

		s = span_from(p, fread(p, 1, (size_t)n, f));
	}
	fclose(f);
	return s;
}

void
fetch_wants(struct arena *a, struct span raw, struct mail_want *w, size_t n,
	    size_t *fetched)
{
	for (size_t i = 0; i < n; i++) {
		w[i].found = mime_section(a, raw, w[i].section, &w[i].got);
		w[i].got = span_from_at(w[i].got, w[i].offset);
		if (w[i].max)
			w[i].got = span_first(w[i].got, w[i].max);
		if (fetched)
			*fetched += w[i].got.n;
	}
}

const struct wbxml_node *
mail_through(const struct tr_env *env, struct span raw, bool no_structure,
	     size_t *fetched)
{
	struct email_state st = { .coll = 7, .item = SPAN("12345") };
	struct email_plan *plan = arena_alloc(env->arena, sizeof(*plan));
	struct mail_info info;
	struct wbxml_writer w;
	struct wbxml_node *root = NULL;
	struct buf b = BUF_INIT(64u << 20);
	struct err e = { 0 };

	assert_true(mime_info(env->arena, raw, &info, &e));
	info.uid = 9;
	info.date = 1714552200;
	if (no_structure)
		info.root = NULL;
	email_plan(env, &info, plan);
	fetch_wants(env->arena, raw, plan->want, plan->n, fetched);
	wbxml_begin(&w, &b);
	wbxml_open(&w, WX_AirSync_ApplicationData);
	email_write(env, &info, plan, &st, &w);
	wbxml_close(&w);
	assert_true(wbxml_end(&w, &e));
	if (!wbxml_read(env->arena, arena_dup(env->arena, buf_view(&b)),
			&root, &e))
		fail_msg("not readable: %s", e.text);
	buf_free(&b);
	return root;
}

void
add_pref(struct tr_env *env, enum body_type type, uint32_t truncation,
	 bool all_or_none, uint32_t preview)
{
	struct body_pref p = { type, truncation, all_or_none, preview };

	env->body[env->n_body++] = p;
}
