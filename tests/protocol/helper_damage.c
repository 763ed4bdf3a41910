#include "tests/protocol/helper_damage.h"

#include <stdlib.h>
#include <string.h>

static bool
damage_fn(struct txn *t, void *ctx, struct err *e)
{
	struct damage *d = ctx;

	return d->fn(t, d, e);
}

void
damage_state(struct harness *h, struct damage *d, const char *device,
	     const struct phone_folder *f)
{
	char *dir = bytes_format("%s/state", h->dir);
	struct err e = { 0 };
	struct store *s = store_open(dir, &e);

	d->dc.user = user_of(span_of(h->users[0].email));
	d->dc.device = device_of(span_of(device));
	assert_true(coll_parse(span_of(f->id), &d->dc.coll));
	if (s == NULL || !store_write(s, damage_fn, d, &e))
		fail_msg("%s", e.text);
	store_close(&s);
	free(dir);
}

bool
damage_set_cursor(struct txn *t, struct damage *d, struct err *e)
{
	struct coll c;

	if (!coll_read(t, d->dc.user, d->dc.coll, &c, e))
		return false;
	c.cursor = span_of(d->cursor);
	return coll_write(t, d->dc.user, &c, e);
}

bool
damage_drop_item(struct txn *t, struct damage *d, struct err *e)
{
	struct key k = item_prefix(d->dc.user, T_ITEM, d->dc.coll);

	key_u64(&k, d->item);
	return txn_del(t, &k, e);
}

bool
damage_swap_flags(struct txn *t, struct damage *d, struct err *e)
{
	struct mirror_item it;
	bool found;

	if (!item_read(t, d->dc.user, d->dc.coll, d->item, &it, &found, e))
		return false;
	assert_true(found);
	it.flags ^= MAIL_SEEN;
	it.version = item_version(&it);
	return item_store(t, d->dc.user, d->dc.coll, &it, e);
}

bool
damage_put_has(struct txn *t, struct damage *d, struct err *e)
{
	const struct except r = { .item = d->item, .has = d->has };

	return except_put(t, d->dc, 0, &r, e);
}

uint64_t
item_number(const char *id)
{
	uint64_t item;
	uint32_t coll;

	assert_true(item_parse(span_of(id), &coll, &item));
	return item;
}

/* ---- the command -----------------------------------------------------------*/

int
verify(struct harness *h, struct bytes *out, const char *more)
{
	return cli_run(h, out, "verify " CONF " %s %s", h->users[0].login,
		       more);
}

struct phone_folder *
filled(struct harness *h, struct phone **p, const char *device,
       const char *box, int n)
{
	struct phone_folder *f;

	*p = harness_ready_phone(h, 0, device);
	f = harness_folder(h, *p, 0, box);
	phone_sync_all(*p, f);
	imap_fill(h, 0, box, box, n, NULL);
	phone_sync_all(*p, f);
	assert_int_equal(folder_count(f), n);
	phone_sync_all(*p, f);
	return f;
}

struct sync_result
sync_once(struct phone *p, struct phone_folder *f)
{
	struct sync_result r = phone_sync(p, f, NULL);

	assert_int_equal(r.status, 1);
	assert_int_equal(r.readds, 0);
	return r;
}

char *
present_cursor(struct harness *h, const char *box)
{
	struct imap *c = imap_open(h, 0);
	const char *line;
	unsigned long long v[4];
	static const char *const words[] = { "UIDVALIDITY ", "UIDNEXT ",
					     "HIGHESTMODSEQ ", "MESSAGES " };
	int i;

	assert_true(imap_cmd(c, "STATUS \"%s\" (MESSAGES UIDNEXT UIDVALIDITY "
				"HIGHESTMODSEQ)", box));
	line = imap_line(c, "STATUS");
	assert_non_null(line);
	for (i = 0; i < 4; i++) {
		const char *at = strstr(line, words[i]);

		assert_non_null(at);
		v[i] = strtoull(at + strlen(words[i]), NULL, 10);
	}
	imap_close(c);
	return bytes_format("v1 %llu %llu %llu %llu", v[0], v[1], v[2], v[3]);
}
