#include "translate/mail/conversation.h"

#include <string.h>

#include "base/codec.h"
#include "translate/mail/headers.h"
#include "translate/text/charset.h"

#define INDEX_HEAD 22 /* 01, five bytes of time, a GUID */
#define INDEX_MAX 512 /* levels kept */

static bool
from_thread_index(struct arena *a, struct span header,
		  struct conversation *c)
{
	struct span raw = header_raw(header, "Thread-Index", 0), bytes;
	size_t levels;
	char *index;

	if (!raw.n || raw.n > 4096 || !base64_decode(a, raw, &bytes) ||
	    bytes.n < INDEX_HEAD)
		return false;
	levels = (bytes.n - INDEX_HEAD) / 5 * 5;
	if (levels > INDEX_MAX)
		levels = INDEX_MAX / 5 * 5;
	memcpy(c->id, bytes.p + 6, 16);
	index = arena_alloc(a, 5 + levels);
	memcpy(index, bytes.p + 1, 5);
	memcpy(index + 5, bytes.p + INDEX_HEAD, levels);
	c->index = span_from(index, 5 + levels);
	return true;
}

static struct span
root_id(struct arena *a, struct span header)
{
	static const char *const fields[] = { "References", "In-Reply-To",
					      "Message-ID" };

	for (size_t i = 0; i < 3; i++) {
		struct span id = header_msgid(
			a, header_raw(header, fields[i], 0));

		if (id.n)
			return id;
	}
	return SPAN_NONE;
}

static struct span
own_index(struct arena *a, int64_t date)
{
	uint64_t ft = ((uint64_t)date + 11644473600u) * 10000000u >> 16;
	char *p = arena_alloc(a, 5);

	for (int i = 0; i < 5; i++)
		p[i] = (char)(ft >> (8 * (4 - i)));
	return span_from(p, 5);
}

struct conversation
conversation_of(struct arena *a, struct span header, int64_t date)
{
	struct conversation c;
	struct span id;

	if (from_thread_index(a, header, &c))
		return c;
	id = root_id(a, header);
	if (id.n) {
		hash128(SPAN("thread"), id, c.id);
	} else {
		struct span s = header_text(a, header_raw(header, "Subject",
							  0));

		hash128(SPAN("topic"), charset_lower(a, subject_topic(s)),
			c.id);
	}
	c.index = own_index(a, date);
	return c;
}
