#include "tests/unit/helper_replies.h"

#include <string.h>

struct sync_pos
ready(struct box *b, char key[64])
{
	struct sync_pos pos;
	struct err e = { 0 };

	start(b, key);
	assert_true(sync_judge(b->s, b->dc, span_of(key), &pos, &e));
	assert_int_equal(pos.verdict, KEY_CONFIRMS);
	return pos;
}

struct reply_cmd
add(const char *client_id, uint64_t digest)
{
	return (struct reply_cmd){ .kind = REPLY_ADD,
				   .client_id = span_of(client_id),
				   .digest = digest, .may_edit = true };
}

struct reply_cmd
edit_of(enum reply_kind kind, uint64_t item, uint64_t digest)
{
	return (struct reply_cmd){ .kind = kind, .item = item,
				   .digest = digest };
}

enum reply_match
find(struct box *b, const struct sync_pos *pos, struct reply_cmd cmd,
     const struct reply_others *others, struct reply *out)
{
	static const struct reply_others alone;
	enum reply_match match;
	struct err e = { 0 };

	assert_true(reply_find(b->s, pos, &cmd, others ? others : &alone, out,
			       &match, &e));
	return match;
}

struct reply
begin(struct box *b, const struct sync_pos *pos, struct reply_cmd cmd,
      uint64_t token, const char *remote)
{
	struct reply r;
	struct err e = { 0 };

	assert_true(reply_begin(b->s, pos, &cmd, token, span_of(remote),
				HAS_NOTHING, NOW, &r, &e));
	check(b);
	return r;
}

void
done(struct box *b, const struct sync_pos *pos, const struct reply *r,
     uint64_t item, uint64_t version, uint32_t status)
{
	struct err e = { 0 };

	assert_true(reply_done(b->s, pos, r->n, item, version, status, &e));
	check(b);
}

struct sync_pos
answer(struct box *b, const struct sync_pos *pos, const uint64_t *told,
       size_t n, char key[64])
{
	struct sync_pos next;
	struct window w;
	struct err e = { 0 };

	assert_true(sync_window(b->s, pos, NULL, 0, INT64_MIN, 9, b->a, &w,
				&e));
	w.told = told;
	w.n_told = n;
	assert_true(sync_offer(b->s, pos, &w, INT64_MIN, &e));
	memcpy(key, w.key, 64);
	assert_true(sync_judge(b->s, b->dc, span_of(w.key), &next, &e));
	assert_int_equal(next.verdict, KEY_CONFIRMS);
	check(b);
	return next;
}
