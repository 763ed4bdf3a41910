/* ResolveRecipients (MS-ASCMD 2.2.1.15): names to addresses out of the user's
 * address books, and when these people are busy. No S/MIME certificates are
 * kept anywhere, which is said of each (Status 7). */
#include "base/clock.h"
#include "base/log.h"
#include "gateway/commands/availability.h"
#include "gateway/commands/commands.h"
#include "gateway/commands/gal.h"
#include "gateway/config/config.h"

#define MAX_TO 100            /* MS-ASCMD_R5656 */
#define MAX_TO_BYTES 256      /* ResolveRecipientsResponse.xsd */
#define MAX_COUNT 9999        /* MS-ASCMD_R3248 */
#define DEFAULT_AMBIGUOUS 20  /* suggestions, if the phone does not say */
#define HALF_HOUR 1800
#define DAY 86400
#define TYPE_GAL 1
#define TYPE_CONTACT 2

struct resolve {
	struct request *r;
	struct dir_view *view;
	struct picture_wish picture;
	uint32_t max_ambiguous;
	bool certificates, availability;
	int64_t from, to;
};

/* One person: an entry of the books, or an address that needs none. */
struct recipient {
	const struct dir_hit *hit; /* NULL: only the next two */
	struct span name, mail;
	/* Asked for already. */
	bool known_busy;
	uint32_t busy_status;
	struct span busy;
};

/* ---- the request -----------------------------------------------------------------*/

/* MS-ASCMD_R2264 to R2266, R3986, R5430. */
static bool
read_span(struct resolve *s, const struct wbxml_node *n)
{
	struct span start =
		wbxml_child_text(n, WX_ResolveRecipients_StartTime);

	s->availability = true;
	if (!clock_parse(start, &s->from))
		return false;
	s->to = s->from + 7 * DAY;
	if (wbxml_has(n, WX_ResolveRecipients_EndTime) &&
	    !clock_parse(wbxml_child_text(n, WX_ResolveRecipients_EndTime),
			 &s->to))
		return false;
	return s->to >= s->from + HALF_HOUR && s->to <= s->from + 42 * DAY;
}

/* Absent is fine; false: out of range. */
static bool
read_count(const struct wbxml_node *n, wbxml_tag tag, uint32_t min,
	   uint32_t max, uint32_t *out)
{
	if (!wbxml_has(n, tag))
		return true;
	return span_u32(wbxml_child_text(n, tag), out) && *out >= min &&
	       *out <= max;
}

static bool
read_options(struct resolve *s)
{
	const struct wbxml_node *o =
		wbxml_child(s->r->body, WX_ResolveRecipients_Options);
	const struct wbxml_node *when =
		wbxml_child(o, WX_ResolveRecipients_Availability);
	uint32_t retrieval = 1, most = MAX_COUNT;

	s->max_ambiguous = DEFAULT_AMBIGUOUS;
	if (!read_count(o, WX_ResolveRecipients_CertificateRetrieval, 1, 3,
			&retrieval) ||
	    !read_count(o, WX_ResolveRecipients_MaxCertificates, 0, MAX_COUNT,
			&most) ||
	    !read_count(o, WX_ResolveRecipients_MaxAmbiguousRecipients, 0,
			MAX_COUNT, &s->max_ambiguous) ||
	    !picture_wish_read(s->r, o, WX_ResolveRecipients_Picture,
			       WX_ResolveRecipients_MaxSize,
			       WX_ResolveRecipients_MaxPictures,
			       &s->picture))
		return false;
	s->certificates = retrieval > 1;
	/* MS-ASCMD_R6085: not before 14.0 */
	return when == NULL || s->r->version < 140 || read_span(s, when);
}

/* 1, or the Status of the whole command. */
static unsigned
read_request(struct resolve *s)
{
	const struct wbxml_node *to =
		wbxml_child(s->r->body, WX_ResolveRecipients_To);
	unsigned n = 0;

	if (to == NULL || !read_options(s))
		return 5;
	for (; to != NULL; to = wbxml_again(to), n++)
		if (to->text.n > MAX_TO_BYTES)
			return 5;
	return n <= MAX_TO ? 1 : 5;
}

/* ---- one recipient ---------------------------------------------------------------*/

static void
write_availability(struct resolve *s, struct recipient *who)
{
	struct request *r = s->r;
	struct wbxml_writer *w = &r->w;
	struct err e = { 0 };

	if (!s->availability)
		return;
	if (!who->known_busy &&
	    !availability_merged(r, who->mail, s->from, s->to, &who->busy,
				 &who->busy_status, &e)) {
		log_line(LOG_WARN, "availability", "error=%s text=\"%s\"",
			 err_name(e.code), e.text);
		who->busy_status = 163;
	}
	wbxml_open(w, WX_ResolveRecipients_Availability);
	wbxml_uint(w, WX_ResolveRecipients_Status, who->busy_status);
	if (who->busy_status == 1)
		wbxml_text(w, WX_ResolveRecipients_MergedFreeBusy, who->busy);
	wbxml_close(w);
}

/* MS-ASCMD_R4303: nobody's certificate is known here. */
static void
write_certificates(struct resolve *s)
{
	struct wbxml_writer *w = &s->r->w;

	if (!s->certificates)
		return;
	wbxml_open(w, WX_ResolveRecipients_Certificates);
	wbxml_uint(w, WX_ResolveRecipients_Status, 7);
	wbxml_uint(w, WX_ResolveRecipients_CertificateCount, 0);
	wbxml_uint(w, WX_ResolveRecipients_RecipientCount, 1);
	wbxml_close(w);
}

static void
write_picture(struct resolve *s, const struct recipient *who)
{
	static const struct picture_tags tags = {
		WX_ResolveRecipients_Picture, WX_ResolveRecipients_Status,
		WX_ResolveRecipients_Data
	};
	struct wbxml_writer *w = &s->r->w;

	if (who->hit != NULL) {
		picture_write(s->r, s->view, who->hit, &s->picture, &tags);
	} else if (s->picture.wanted) {
		wbxml_open(w, tags.picture);
		wbxml_uint(w, tags.status, 173);
		wbxml_close(w);
	}
}

/* `alone`: of suggestions neither certificates nor times are told
 * (MS-ASCMD_R4279, R4623). */
static void
write_recipient(struct resolve *s, struct recipient *who, bool alone)
{
	struct wbxml_writer *w = &s->r->w;

	wbxml_open(w, WX_ResolveRecipients_Recipient);
	wbxml_uint(w, WX_ResolveRecipients_Type,
		   who->hit != NULL ? TYPE_CONTACT : TYPE_GAL);
	wbxml_text(w, WX_ResolveRecipients_DisplayName, who->name);
	wbxml_text(w, WX_ResolveRecipients_EmailAddress, who->mail);
	if (alone) {
		write_availability(s, who);
		write_certificates(s);
	}
	write_picture(s, who);
	wbxml_close(w);
}

/* ---- one To ----------------------------------------------------------------------*/

/* "Name" <address> too. */
static struct span
address_in(struct span to)
{
	ptrdiff_t open = span_find_byte(to, '<');

	if (open >= 0) {
		to = span_from_at(to, (size_t)open + 1);
		to = span_take_until(&to, '>');
	}
	to = span_trim(to);
	return span_find_byte(to, '@') > 0 && span_find_byte(to, ' ') < 0
		       ? to
		       : SPAN_NONE;
}

static bool
is_own(const struct request *r, struct span address)
{
	size_t i;

	for (i = 0; i < r->user->n_emails; i++)
		if (span_eq_ci(address, span_of(r->user->emails[i])))
			return true;
	return false;
}

/* An address in no book: the user himself, and whoever the calendar server
 * knows when it is asked for his time. */
static bool
known_elsewhere(struct resolve *s, struct span address, struct recipient *who)
{
	struct request *r = s->r;
	struct err e = { 0 };

	*who = (struct recipient){ .name = address, .mail = address };
	if (address.n == 0)
		return false;
	if (is_own(r, address)) {
		if (r->user->name[0] != '\0')
			who->name = span_of(r->user->name);
		return true;
	}
	if (!s->availability)
		return false;
	who->known_busy = availability_merged(r, address, s->from, s->to,
					      &who->busy, &who->busy_status,
					      &e);
	return who->known_busy && who->busy_status == 1;
}

/* An address means its owner; a whole name goes before its beginnings. */
static void
look_up(struct resolve *s, struct span to, struct dir_hit **hits, size_t *n)
{
	struct span address = address_in(to);

	*hits = NULL;
	*n = 0;
	if (address.n > 0) {
		directory_by_mail(s->view, address, hits, n);
		if (*n > 1) /* one address, several cards: one mailbox */
			*n = 1;
		if (*n > 0 || is_own(s->r, address))
			return;
	}
	directory_by_name(s->view, to, hits, n);
	if (*n != 1)
		directory_find(s->view, to, true, hits, n);
}

static void
open_response(struct resolve *s, struct span to, unsigned status, size_t total)
{
	struct wbxml_writer *w = &s->r->w;

	wbxml_open(w, WX_ResolveRecipients_Response);
	wbxml_text(w, WX_ResolveRecipients_To, to);
	wbxml_uint(w, WX_ResolveRecipients_Status, status);
	wbxml_uint(w, WX_ResolveRecipients_RecipientCount, total);
}

/* MS-ASCMD_R4277 to R4283, R3249: the best, in the order of an address list;
 * RecipientCount tells how many there are. */
static void
write_suggestions(struct resolve *s, struct span to, struct dir_hit *hits,
		  size_t total)
{
	size_t n = total < s->max_ambiguous ? total : s->max_ambiguous, i;

	open_response(s, to, n < total ? 3 : 2, total);
	directory_sort(hits, n);
	for (i = 0; i < n; i++) {
		struct recipient who = { .hit = &hits[i],
					 .name = hits[i].entry->card.name,
					 .mail = hits[i].mail };

		write_recipient(s, &who, false);
	}
	wbxml_close(&s->r->w);
}

static void
write_response(struct resolve *s, struct span to)
{
	struct recipient who = { .name = SPAN_NONE };
	struct dir_hit *hits;
	bool found;
	size_t n;

	look_up(s, span_trim(to), &hits, &n);
	if (n > 1) {
		write_suggestions(s, to, hits, n);
		return;
	}
	found = n == 1;
	if (found)
		who = (struct recipient){ .hit = hits,
					  .name = hits->entry->card.name,
					  .mail = hits->mail };
	else
		found = known_elsewhere(s, address_in(to), &who);
	open_response(s, to, found ? 1 : 4, found);
	if (found)
		write_recipient(s, &who, true);
	wbxml_close(&s->r->w);
}

enum cmd_result
cmd_resolve(struct request *r)
{
	struct resolve s = { .r = r };
	const struct wbxml_node *to;
	struct err e = { 0 };
	unsigned status = read_request(&s);

	if (status != 1) {
		request_status(r, status);
		return CMD_DONE;
	}
	s.view = directory_open(r, &e);
	if (s.view == NULL) {
		request_fail(r, &e);
		return CMD_DONE;
	}
	wbxml_open(&r->w, WX_ResolveRecipients_ResolveRecipients);
	wbxml_uint(&r->w, WX_ResolveRecipients_Status, 1);
	to = wbxml_child(r->body, WX_ResolveRecipients_To);
	for (; to != NULL; to = wbxml_again(to))
		write_response(&s, to->text);
	wbxml_close(&r->w);
	r->log_status = 1;
	return CMD_DONE;
}
