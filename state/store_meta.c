/* What belongs to the installation and no user: format, secret, incarnation,
 * counters. */
#include <string.h>

#include "base/codec.h"
#include "state/store_lmdb_private.h"

#define FORMAT 3u

static struct key
meta_key(const char *name)
{
	struct key k = key_begin(0, T_META);

	while (*name != '\0')
		key_u8(&k, (uint8_t)*name++);
	return k;
}

static bool
meta_number(struct txn *t, const char *name, uint64_t *v, bool *found,
	    struct err *e)
{
	struct key k = meta_key(name);
	struct span row;
	struct cursor c;

	if (!txn_get(t, &k, &row, found, e))
		return false;
	if (*found) {
		c = cursor_of(row);
		*v = take_u64(&c);
	}
	return true;
}

static bool
meta_set(struct txn *t, const char *name, uint64_t v, struct err *e)
{
	struct key k = meta_key(name);
	struct key val = { .n = 0 };

	key_u64(&val, v);
	return txn_put(t, &k, key_span(&val), e);
}

bool
txn_next_epoch(struct txn *t, uint64_t *out, struct err *e)
{
	uint64_t v = 0;
	bool found;

	if (!meta_number(t, "epoch", &v, &found, e) ||
	    !meta_set(t, "epoch", v + 1, e))
		return false;
	*out = v + 1;
	return true;
}

bool
txn_next_reply(struct txn *t, uint64_t *out, struct err *e)
{
	uint64_t v = 0;
	bool found;

	/* Rows of before this counter have numbers of the other one. */
	if (!meta_number(t, "reply", &v, &found, e) ||
	    (!found && !meta_number(t, "epoch", &v, &found, e)) ||
	    !meta_set(t, "reply", v + 1, e))
		return false;
	*out = v + 1;
	return true;
}

static bool
init_secret(struct txn *t, struct err *e)
{
	struct key k = meta_key("secret");
	uint8_t *secret = t->s->secret;
	struct span row;
	bool found;

	if (!txn_get(t, &k, &row, &found, e))
		return false;
	if (found && row.n == sizeof(t->s->secret)) {
		memcpy(secret, row.p, row.n);
		return true;
	}
	random_bytes(secret, sizeof(t->s->secret));
	return txn_put(t, &k, span_from(secret, sizeof(t->s->secret)), e);
}

struct span
txn_secret(struct txn *t)
{
	return span_from(t->s->secret, sizeof(t->s->secret));
}

bool
store_init(struct txn *t, void *ctx, struct err *e)
{
	struct store *s = ctx;
	uint64_t format = 0, incarnation = 0, start = 0;
	uint32_t fresh;
	bool found;

	if (!meta_number(t, "format", &format, &found, e))
		return false;
	if (found && format > FORMAT)
		return err_set(e, ERR_UNSUPPORTED, SCOPE_ACCOUNT,
			       "the state was written by a newer version "
			       "(format %llu, this one knows %u)",
			       (unsigned long long)format, FORMAT);
	if (found && format < FORMAT && !store_migrate(t, format, e))
		return false;
	if (format != FORMAT && !meta_set(t, "format", FORMAT, e))
		return false;
	if (!init_secret(t, e))
		return false;
	if (!meta_number(t, "incarnation", &incarnation, &found, e))
		return false;
	if (!found) {
		random_bytes(&fresh, sizeof(fresh));
		incarnation = fresh;
		if (!meta_set(t, "incarnation", incarnation, e))
			return false;
	}
	if (!meta_number(t, "start", &start, &found, e) ||
	    !meta_set(t, "start", start + 1, e))
		return false;
	s->incarnation = (uint32_t)incarnation;
	s->start_number = start + 1;
	return true;
}

uint32_t
txn_incarnation(struct txn *t)
{
	return t->s->incarnation;
}

uint64_t
txn_start_number(struct txn *t)
{
	return t->s->start_number;
}
