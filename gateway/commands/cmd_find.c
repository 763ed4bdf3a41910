/* Find (MS-ASCMD 2.2.1.2, 16.1): mails and address books. Each page is
 * searched anew; SearchIds are remembered only to tell a page from a search
 * that begins in the middle. */
#include <pthread.h>

#include "base/codec.h"
#include "base/pack.h"
#include "gateway/accounts/views.h"
#include "gateway/commands/commands.h"
#include "gateway/commands/gal.h"
#include "gateway/commands/kql.h"
#include "gateway/commands/mail_search.h"
#include "gateway/items/fetch.h"

#define FIND_LAST 999 /* MS-ASCMD_R37071812 */
#define PREVIEW 255
#define PREVIEW_BYTES 4096

/* Searches that were begun, the last of all phones. What fell out, or was
 * begun before a restart, begins again (Status 4). */
static struct {
	pthread_mutex_t lock;
	uint64_t id[1024];
	unsigned at;
} begun = { .lock = PTHREAD_MUTEX_INITIALIZER };

#define N_BEGUN (sizeof(begun.id) / sizeof(*begun.id))

static bool
search_is_begun(const struct request *r, struct span id, bool begins)
{
	struct buf b = BUF_INIT(4096);
	bool found = false;
	uint64_t h;
	size_t i;

	row_u64(&b, r->user_id);
	row_u64(&b, r->device_id);
	row_str(&b, id);
	h = hash64(SPAN("find"), buf_view(&b));
	buf_free(&b);
	pthread_mutex_lock(&begun.lock);
	for (i = 0; i < N_BEGUN; i++)
		found |= begun.id[i] == h;
	if (!found && begins)
		begun.id[begun.at++ % N_BEGUN] = h;
	pthread_mutex_unlock(&begun.lock);
	return found || begins;
}

struct find {
	struct request *r;
	const struct wbxml_node *options;
	struct span id;
	uint32_t first, last;
};

/* 1 or the Status of the Response. */
static unsigned
read_range(struct find *f, const struct wbxml_node *criterion)
{
	f->options = wbxml_child(criterion, WX_Find_Options);
	f->last = MAIL_RANGE - 1; /* MS-ASCMD_R3707101815 */
	if (!range_read(wbxml_child_text(f->options, WX_Find_Range),
			&f->first, &f->last) ||
	    f->last > FIND_LAST)
		return 2;
	return search_is_begun(f->r, f->id, f->first == 0) ? 1 : 4;
}

/* MS-ASCMD_R45251807: the Store is always this one. */
static void
open_response(struct request *r, unsigned status)
{
	struct wbxml_writer *w = &r->w;

	wbxml_open(w, WX_Find_Find);
	wbxml_uint(w, WX_Find_Status, 1);
	wbxml_open(w, WX_Find_Response);
	wbxml_str(w, WX_ItemOperations_Store, "Mailbox");
	wbxml_uint(w, WX_Find_Status, status);
	r->log_status = status;
}

static void
close_response(struct request *r, size_t from, size_t end, size_t total)
{
	struct wbxml_writer *w = &r->w;

	if (end > from)
		wbxml_str(w, WX_Find_Range,
			  arena_printf(r->arena, "%zu-%zu", from, end - 1));
	wbxml_uint(w, WX_Find_Total, total);
	wbxml_close(w);
	wbxml_close(w);
}

/* ---- mails -------------------------------------------------------------------*/

static void
write_mail(struct find *f, const struct mail_hit *h, const struct tr_env *env)
{
	struct request *r = f->r;
	struct wbxml_writer *w = &r->w;
	struct mail_found m;

	if (!mail_found(r, h, env, &m))
		return;
	wbxml_open(w, WX_Find_Result);
	wbxml_str(w, WX_AirSync_Class, "Email");
	wbxml_text(w, WX_AirSync_ServerId, m.name);
	wbxml_uint(w, WX_AirSync_CollectionId, m.coll);
	wbxml_open(w, WX_Find_Properties);
	email_write_found(env, &m.mc.info, &m.mc.plan, &m.st, PREVIEW, w);
	wbxml_close(w);
	wbxml_close(w);
}

/* 1 or the Status; MS-ASCMD_R901100613: mails alone. */
static unsigned
read_mailbox(struct find *f, const struct wbxml_node *criterion,
	     struct mail_search *s)
{
	const struct wbxml_node *q = wbxml_child(criterion, WX_Find_Query);
	const struct wbxml_node *c =
		wbxml_child(q, WX_AirSync_CollectionId);
	struct span class = wbxml_child_text(q, WX_AirSync_Class);

	if (class.n > 0 && !span_eq_ci(class, SPAN("Email")))
		return 2;
	if (!kql_read(f->r->arena, wbxml_child_text(q, WX_Find_FreeText),
		      &s->want))
		return 2;
	s->deep = wbxml_child_bool(f->options, WX_Find_DeepTraversal, false);
	for (; c != NULL && s->n_colls < MAX_SEARCHED; c = wbxml_again(c)) {
		uint32_t id = 0;

		if (span_eq(c->text, SPAN("0")))
			continue;
		s->colls[s->n_colls++] = coll_parse(c->text, &id) ? id : 0;
	}
	return 1;
}

static void
find_mails(struct find *f, const struct wbxml_node *criterion)
{
	struct mail_search s = { .n = 0 };
	struct tr_env env = request_env(f->r);
	unsigned status = read_range(f, criterion);
	size_t i, from, end;

	if (status == 1)
		status = read_mailbox(f, criterion, &s);
	if (status == 1 && mail_search(f->r, &s) != 1)
		status = 2; /* the table has no better one */
	if (f->last - f->first >= MAIL_RANGE)
		f->last = f->first + MAIL_RANGE - 1;
	from = f->first < s.n ? f->first : s.n;
	end = (size_t)f->last + 1 < s.n ? (size_t)f->last + 1 : s.n;
	env.n_body = 1;
	env.body[0] = (struct body_pref){ .type = BODY_TEXT,
					  .truncation = PREVIEW_BYTES };
	open_response(f->r, status);
	for (i = from; status == 1 && i < end; i++)
		write_mail(f, &s.hits[i], &env);
	close_response(f->r, from, end, s.n);
}

/* ---- address books ---------------------------------------------------------------*/

static void
find_entries(struct find *f, const struct wbxml_node *criterion)
{
	struct wbxml_writer *w = &f->r->w;
	struct gal_search g = { .n = 0 };
	struct picture_wish wish = { .wanted = false };
	unsigned status = read_range(f, criterion);
	size_t i;

	if (status == 1 &&
	    !picture_wish_read(f->r, f->options, WX_Find_Picture,
			       WX_Find_MaxSize, WX_Find_MaxPictures, &wish))
		status = 2;
	if (status == 1 &&
	    gal_search(f->r,
		       span_trim(wbxml_child_text(criterion, WX_Find_Query)),
		       f->first, f->last, &g) != 1)
		status = 2;
	open_response(f->r, status);
	for (i = g.from; i < g.end; i++) {
		wbxml_open(w, WX_Find_Result);
		wbxml_open(w, WX_Find_Properties);
		gal_write_entry(f->r, &g, &g.hits[i], &wish);
		wbxml_close(w);
		wbxml_close(w);
	}
	close_response(f->r, g.from, g.end, g.n);
}

enum cmd_result
cmd_find(struct request *r)
{
	const struct wbxml_node *run =
		wbxml_child(r->body, WX_Find_ExecuteSearch);
	const struct wbxml_node *mail =
		wbxml_child(run, WX_Find_MailBoxSearchCriterion);
	const struct wbxml_node *gal =
		wbxml_child(run, WX_Find_GalSearchCriterion);
	struct find f = { .r = r,
			  .id = wbxml_child_text(r->body,
						 WX_Find_SearchId) };

	/* MS-ASCMD_R7098101802, R72172512 */
	if (f.id.n == 0 || f.id.n > 256 || (mail == NULL) == (gal == NULL))
		request_status(r, 2);
	else if (mail != NULL)
		find_mails(&f, mail);
	else
		find_entries(&f, gal);
	return CMD_DONE;
}
