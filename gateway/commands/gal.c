#include "gateway/commands/gal.h"

#include "base/clock.h"
#include "base/log.h"
#include "gateway/http/status.h"

#define MAX_QUERY_TEXT 1024 /* as for Value in mail searches */
#define SCALE_MS 3000

bool
picture_wish_read(const struct request *r, const struct wbxml_node *options,
		  wbxml_tag picture, wbxml_tag max_size,
		  wbxml_tag max_pictures, struct picture_wish *out)
{
	const struct wbxml_node *n = wbxml_child(options, picture);

	*out = (struct picture_wish){ .max_size = MAX_GAL_PICTURE,
				      .max = UINT32_MAX,
				      .until_ms = clock_mono_ms() + SCALE_MS };
	if (n == NULL || r->version < 141)
		return true;
	out->wanted = true;
	if ((wbxml_has(n, max_size) &&
	     !span_u32(wbxml_child_text(n, max_size), &out->max_size)) ||
	    (wbxml_has(n, max_pictures) &&
	     !span_u32(wbxml_child_text(n, max_pictures), &out->max)))
		return false;
	if (out->max_size > MAX_GAL_PICTURE)
		out->max_size = MAX_GAL_PICTURE;
	return true;
}

/* MS-ASCMD_R3294 to R3297: that there is none, or that it is too big, is said
 * also when enough were given. */
static unsigned
picture_status(struct dir_view *v, const struct dir_hit *hit,
	       const struct picture_wish *wish, struct span *bytes)
{
	bool scale = wish->given < wish->max &&
		     clock_mono_ms() < wish->until_ms;

	switch (directory_picture(v, hit, wish->max_size, scale, bytes)) {
	case PICTURE_NONE:
		return 173;
	case PICTURE_TOO_BIG:
		return 174;
	case PICTURE_TAKEN:
		break;
	}
	return wish->given >= wish->max ? 175 : 1;
}

void
picture_write(struct request *r, struct dir_view *v,
	      const struct dir_hit *hit, struct picture_wish *wish,
	      const struct picture_tags *tags)
{
	struct wbxml_writer *w = &r->w;
	struct span bytes;
	unsigned status;

	if (!wish->wanted)
		return;
	status = picture_status(v, hit, wish, &bytes);
	wbxml_open(w, tags->picture);
	wbxml_uint(w, tags->status, status);
	if (status == 1) {
		wbxml_opaque(w, tags->data, bytes);
		wish->given++;
	}
	wbxml_close(w);
}

bool
range_read(struct span text, uint32_t *first, uint32_t *last)
{
	struct span m;

	if (text.n == 0)
		return true;
	m = span_take_until(&text, '-');
	return span_u32(m, first) && span_u32(text, last) && *first <= *last;
}

unsigned
gal_search(struct request *r, struct span query, uint32_t first,
	   uint32_t last, struct gal_search *out)
{
	struct err e = { 0 };
	size_t shown;

	if (query.n == 0 || query.n > MAX_QUERY_TEXT)
		return 2;
	out->view = directory_open(r, &e);
	if (out->view == NULL) {
		log_line(LOG_WARN, "gal", "error=%s text=\"%s\"",
			 err_name(e.code), e.text);
		return status_of(STATUS_SEARCH, &e);
	}
	directory_find(out->view, query, false, &out->hits, &out->n);
	/* Only so many can be had; of more, the best. */
	shown = out->n < GAL_RANGE ? out->n : GAL_RANGE;
	out->from = first < shown ? first : shown;
	out->end = (size_t)last + 1 < shown ? (size_t)last + 1 : shown;
	if (out->end < out->from)
		out->end = out->from;
	out->past = last >= GAL_RANGE || (first > 0 && first >= shown);
	if (out->end > out->from)
		directory_sort(out->hits + out->from, out->end - out->from);
	return 1;
}

static void
put(struct request *r, wbxml_tag tag, struct span text)
{
	if (text.n > 0)
		wbxml_text(&r->w, tag, text);
}

/* MS-ASCMD_R5711 wants an alias of everybody: the address's first half. */
static struct span
alias_of(const struct dir_hit *h)
{
	struct span rest = h->mail;

	if (rest.n > 0)
		return span_take_until(&rest, '@');
	return h->entry->card.nick.n > 0 ? h->entry->card.nick
					 : h->entry->card.name;
}

void
gal_write_entry(struct request *r, struct gal_search *s,
		const struct dir_hit *h, struct picture_wish *wish)
{
	static const struct picture_tags tags = {
		WX_GAL_Picture, WX_GAL_Status, WX_GAL_Data
	};
	const struct contact_entry *c = &h->entry->card;

	put(r, WX_GAL_DisplayName, c->name);
	put(r, WX_GAL_Phone, c->phone);
	put(r, WX_GAL_Office, c->office);
	put(r, WX_GAL_Title, c->title);
	put(r, WX_GAL_Company, c->company);
	put(r, WX_GAL_Alias, alias_of(h));
	/* Some phones need one (field/peers), and a firm has none. */
	put(r, WX_GAL_FirstName,
	    c->first.n > 0 || c->last.n > 0 ? c->first : c->name);
	put(r, WX_GAL_LastName, c->last);
	put(r, WX_GAL_HomePhone, c->home);
	put(r, WX_GAL_MobilePhone, c->mobile);
	put(r, WX_GAL_EmailAddress, h->mail);
	picture_write(r, s->view, h, wish, &tags);
}
