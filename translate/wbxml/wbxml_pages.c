/* Names of pages and tags, from wbxml_pages.def. */
#include "translate/wbxml/wbxml.h"
#include "translate/wbxml/wbxml_private.h"

#include <string.h>

#define TOKENS 0x40 /* six bits; the others say "content" and "attributes" */

struct tag_entry {
	const char *name;
	bool opaque;
};

static const char *const pages[WBXML_PAGES] = {
#define PAGE(number, name) [number] = #name,
#define TAG(number, page, token, name, opaque, since)
#include "translate/wbxml/wbxml_pages.def"
#undef PAGE
#undef TAG
};

static const struct tag_entry tags[WBXML_PAGES][TOKENS] = {
#define PAGE(number, name)
#define TAG(number, page, token, name, opaque, since) \
	[number][token] = { #name, opaque },
#include "translate/wbxml/wbxml_pages.def"
#undef PAGE
#undef TAG
};

static const struct tag_entry *
tag_entry(wbxml_tag t)
{
	static const struct tag_entry none;

	if (t >> 8 >= WBXML_PAGES || (t & 0xff) >= TOKENS)
		return &none;
	return &tags[t >> 8][t & 0xff];
}

const char *
wbxml_tag_name(wbxml_tag t)
{
	return tag_entry(t)->name;
}

bool
wbxml_tag_opaque(wbxml_tag t)
{
	return tag_entry(t)->opaque;
}

const char *
wbxml_page_name(unsigned page)
{
	return page < WBXML_PAGES ? pages[page] : NULL;
}

bool
wbxml_tag_find(const char *page, const char *name, wbxml_tag *out)
{
	unsigned p, token;

	for (p = 0; p < WBXML_PAGES; p++) {
		if (strcmp(pages[p], page) != 0)
			continue;
		for (token = 0; token < TOKENS; token++) {
			if (tags[p][token].name == NULL ||
			    strcmp(tags[p][token].name, name) != 0)
				continue;
			*out = (wbxml_tag)(p << 8 | token);
			return true;
		}
	}
	return false;
}
