#include "state/ids.h"

#include "base/codec.h"

user_id
user_of(struct span login)
{
	user_id u = hash64(SPAN("user"), login);

	return u != 0 ? u : 1; /* 0 is the installation's own */
}

device_id
device_of(struct span device)
{
	return hash64(SPAN("device"), device);
}

bool
coll_parse(struct span s, uint32_t *out)
{
	uint32_t v;

	if (!span_u32(s, &v) || v == 0 || v > INT32_MAX)
		return false;
	*out = v;
	return true;
}

struct span
item_name(struct arena *a, uint32_t coll, uint64_t item)
{
	return span_of(arena_printf(a, "%u:%llu", coll,
				    (unsigned long long)item));
}

bool
item_parse(struct span s, uint32_t *coll, uint64_t *item)
{
	ptrdiff_t colon = span_find_byte(s, ':');

	return colon > 0 && coll_parse(span_first(s, (size_t)colon), coll) &&
	       span_u64(span_from_at(s, (size_t)colon + 1), item);
}
