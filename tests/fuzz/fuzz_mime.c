/* Any bytes are a mail: through structure, plan and write without a fault. */
#include <stdlib.h>

#include "translate/mail/compose.h"
#include "translate/mail/email.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void
write_it(struct tr_env *env, struct span raw, bool bare)
{
	struct email_plan *plan = arena_alloc(env->arena, sizeof(*plan));
	struct email_state st = { .coll = 1, .item = SPAN("1") };
	struct mail_info info;
	struct buf b = BUF_INIT(64u << 20);
	struct wbxml_writer w;

	if (!mime_info(env->arena, raw, &info, NULL))
		return;
	if (bare)
		info.root = NULL;
	email_plan(env, &info, plan);
	for (size_t i = 0; i < plan->n; i++) {
		struct mail_want *q = &plan->want[i];

		q->found = mime_section(env->arena, raw, q->section, &q->got);
		if (q->max)
			q->got = span_first(q->got, q->max);
	}
	wbxml_begin(&w, &b);
	wbxml_open(&w, WX_AirSync_ApplicationData);
	email_write(env, &info, plan, &st, &w);
	wbxml_close(&w);
	if (!wbxml_end(&w, NULL))
		abort();
	buf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena *a = arena_new();
	struct tr_env env = tr_env_make(a, 161);
	static const struct span own[] = { SPAN("a@example.org") };
	struct compose_user u = { own, 1, SPAN("A"), 0, SPAN("t") };
	struct outgoing out;
	struct span raw = span_from_at(span_from(p, n), 1);

	for (unsigned i = 0; n && i < 3; i++)
		if (p[0] >> i & 1) {
			env.body[env.n_body].type = i == 2 ? BODY_MIME :
				(enum body_type)(i + 1);
			env.body[env.n_body].preview = 50;
			env.body[env.n_body++].truncation = p[0] * 4u;
		}
	env.mime_support = n ? p[0] >> 4 & 3 : 0;
	write_it(&env, raw, n && p[0] & 128);
	compose_check(a, raw, &u, &out);
	arena_free(&a);
	return 0;
}
