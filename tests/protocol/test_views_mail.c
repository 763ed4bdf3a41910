/* merge = inbox: the inboxes of two mailboxes as one. User 1 has user 2's
 * mailbox as a further source. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/phone/cli.h"

#define WAIT_MS 10000
#define FLAG                                                                  \
	"<email:Status>2</email:Status>"                                      \
	"<email:FlagType>Flag for follow up</email:FlagType>"

static struct harness h;

static void
configure(const char *top, bool work)
{
	struct harness_user *u = h.users;
	char *more = bytes_format(
		"\n[mail work]\nimap = imap+insecure://%s:%d\n"
		"smtp = smtp+insecure://%s:%d\nusername = %s\npassword = %s\n"
		"email = %s\n", h.imap_host, h.imap_port, h.smtp_host,
		h.smtp_port, u[1].login, u[1].password, u[1].email);
	char *text = bytes_format(
		"login = %s, %s\nname = Anna\nemail = %s\n%s\n"
		"[mail]\nimap = imap+insecure://%s:%d\n"
		"smtp = smtp+insecure://%s:%d\nusername = %s\n%s",
		u->email, u->login, u->email, top, h.imap_host, h.imap_port,
		h.smtp_host, h.smtp_port, u->login, work ? more : "");

	cli_write(&h, "users.d/user1.conf", text);
	free(text);
	free(more);
}

static int
up(void **state)
{
	(void)state;
	harness_up(&h, &(struct harness_options){ .name = "test_views_mail" });
	configure("merge = inbox\n", true);
	harness_restart(&h);
	return 0;
}

static int
down(void **state)
{
	(void)state;
	return harness_down(&h);
}

static int
folders_of(const struct phone *p, int type)
{
	const struct phone_folder *f;
	int n = 0;

	for (f = p->folders; f != NULL; f = f->next)
		n += f->type == type;
	return n;
}

/* A folder below the branch of the further mailbox. */
static struct phone_folder *
work_folder(struct phone *p, const char *name)
{
	struct phone_folder *branch = phone_need_name(p, "work"), *f;

	for (f = p->folders; f != NULL; f = f->next)
		if (strcmp(f->parent, branch->id) == 0 &&
		    strcasecmp(f->name, name) == 0)
			return f;
	return NULL;
}

/* The next Sync brings so much and no more. */
static void
brings(struct phone *p, struct phone_folder *f, unsigned adds,
       unsigned changes, unsigned deletes)
{
	struct sync_result r = phone_sync_all(p, f);

	if (r.adds != adds || r.changes != changes || r.deletes != deletes ||
	    r.readds != 0 || r.unknown != 0)
		fail_msg("%u Adds, %u Changes, %u Deletes (again %u, unknown "
			 "%u) instead of %u, %u, %u", r.adds, r.changes,
			 r.deletes, r.readds, r.unknown, adds, changes,
			 deletes);
}

static void
quiet(struct phone *p, struct phone_folder *f)
{
	brings(p, f, 0, 0, 0);
}

struct pair {
	struct phone *a, *b;
	struct phone_folder *in, *bin; /* their inboxes */
};

static struct pair
two_phones(const char *name)
{
	char id[40];
	struct pair x;

	snprintf(id, sizeof(id), "%sa", name);
	x.a = harness_ready_phone(&h, 0, id);
	snprintf(id, sizeof(id), "%sb", name);
	x.b = harness_ready_phone(&h, 0, id);
	x.in = phone_inbox(x.a);
	x.bin = phone_inbox(x.b);
	phone_sync_all(x.a, x.in);
	phone_sync_all(x.b, x.bin);
	return x;
}

/* ---- the tree ----*/

/* One inbox; the other folders of the further mailbox are a branch still. */
static void
one_inbox(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "vmtree");

	(void)state;
	assert_int_equal(folders_of(p, 2), 1);
	assert_null(work_folder(p, "INBOX"));
	assert_non_null(work_folder(p, h.trash));
	assert_int_equal(folders_of(p, 4), 1);
}

/* ---- there and back ----*/

static void
mail_of_both(void **state)
{
	struct pair x = two_phones("vmboth");
	struct imap *c = imap_open(&h, 1), *o = imap_open(&h, 0);
	unsigned uid;

	(void)state;
	imap_fill(&h, 0, "INBOX", "VmOwn", 0, NULL);
	imap_fill(&h, 1, "INBOX", "VmWork", 0, NULL);
	brings(x.a, x.in, 2, 0, 0);
	brings(x.b, x.bin, 2, 0, 0);
	/* Read and flagged on the phone: at home, and once to the other. */
	phone_set_read(x.a, x.in, folder_need(x.in, "VmWork")->id, true);
	uid = imap_uid(c, "INBOX", "VmWork");
	assert_true(imap_has_flag(c, "INBOX", uid, "\\Seen"));
	brings(x.b, x.bin, 0, 1, 0);
	phone_next_answer_lost(x.a);
	phone_set_flag(x.a, x.in, folder_need(x.in, "VmOwn")->id,
		       FLAG);
	phone_set_flag(x.a, x.in, folder_need(x.in, "VmOwn")->id,
		       FLAG);
	uid = imap_uid(o, "INBOX", "VmOwn");
	assert_true(imap_has_flag(o, "INBOX", uid, "\\Flagged"));
	brings(x.b, x.bin, 0, 1, 0);
	quiet(x.a, x.in);
	/* ... and the other way. */
	imap_store(c, "INBOX", imap_uid(c, "INBOX", "VmWork"),
		   "-FLAGS (\\Seen)");
	imap_store(o, "INBOX", uid, "+FLAGS (\\Seen)");
	brings(x.a, x.in, 0, 2, 0);
	assert_string_equal(item_text(folder_need(x.in, "VmWork"), "Read"),
			    "0");
	assert_string_equal(item_text(folder_need(x.in, "VmOwn"), "Read"),
			    "1");
	imap_expunge(c, "INBOX", imap_uid(c, "INBOX", "VmWork"));
	brings(x.a, x.in, 0, 0, 1);
	brings(x.b, x.bin, 0, 1, 1);
	quiet(x.a, x.in);
	imap_close(c);
	imap_close(o);
}

static void
rings(struct running *r, struct phone_folder *f)
{
	struct answer *a = running_wait(r, WAIT_MS);

	if (!a)
		fail_msg("no answer to the Ping");
	answer_expect(a, "/Ping/Status", "2");
	answer_expect(a, "/Ping/Folders/Folder", f->id);
}

static void
either_rings(void **state)
{
	struct pair x = two_phones("vmring");
	struct running *a, *b;
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		a = phone_ping_start(x.a, 120, &x.in, 1);
		b = phone_ping_start(x.b, 120, &x.bin, 1);
		harness_sleep(1500);
		assert_false(running_done(a));
		assert_false(running_done(b));
		lmtp_plain(&h, i, i ? "VmRingWork" : "VmRingOwn");
		rings(a, x.in);
		rings(b, x.bin);
		brings(x.a, x.in, 1, 0, 0);
		brings(x.b, x.bin, 1, 0, 0);
	}
}

/* A Sync that waits is answered with the mail itself. */
static void
a_waiting_sync(void **state)
{
	struct pair x = two_phones("vmwait");
	char *one = phone_collection(x.in, NULL);
	char *xml = bytes_format("<Sync><Collections>%s</Collections>"
				 "<Wait>2</Wait></Sync>", one);
	struct running *r;
	struct answer *a;

	(void)state;
	r = phone_start(x.a, &(struct ask){ .cmd = "Sync", .xml = xml });
	harness_sleep(1500);
	assert_false(running_done(r));
	lmtp_plain(&h, 1, "VmWaited");
	a = running_wait(r, WAIT_MS);
	assert_non_null(a);
	assert_int_equal(phone_sync_apply(x.a, a, xml).adds, 1);
	folder_need(x.in, "VmWaited");
	free(one);
	free(xml);
}

/* Many mails of both, in small windows: made ready ahead like those of one
 * mailbox, and each comes once; one of them read meanwhile is told so. */
static void
long_download(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "vmlong");
	struct phone_folder *in = phone_inbox(p);
	struct imap *c = imap_open(&h, 1);
	double end = phone_now_ms() + WAIT_MS;
	struct sync_result r;
	int i;

	(void)state;
	imap_fill(&h, 0, "INBOX", "VmLongOwn", 40, NULL);
	imap_fill(&h, 1, "INBOX", "VmLongWork", 40, NULL);
	in->window = 10;
	phone_sync(p, in, NULL);
	assert_int_equal(phone_sync(p, in, NULL).adds, 10);
	while (harness_log_count(&h, "ahead coll=") == 0) {
		if (phone_now_ms() > end)
			fail_msg("nothing was made ahead");
		harness_sleep(20);
	}
	assert_int_equal(harness_log_count(&h, "ready=0"), 0);
	imap_store(c, "INBOX", imap_uid(c, "INBOX", "VmLongWork 7"),
		   "+FLAGS (\\Seen)");
	phone_next_answer_lost(p);
	phone_sync(p, in, NULL);
	r = phone_sync_all(p, in);
	assert_int_equal(r.readds, 0);
	for (i = 1; i <= 40; i++) {
		char subject[32];

		snprintf(subject, sizeof(subject), "VmLongOwn %d", i);
		folder_need(in, subject);
		snprintf(subject, sizeof(subject), "VmLongWork %d", i);
		folder_need(in, subject);
	}
	assert_string_equal(item_text(folder_need(in, "VmLongWork 7"),
				      "Read"), "1");
	quiet(p, in);
	imap_close(c);
}

/* ---- where it lives ----*/

static void
trash_of_its_own(void **state)
{
	struct pair x = two_phones("vmtrash");
	struct imap *c = imap_open(&h, 1), *o = imap_open(&h, 0);

	(void)state;
	imap_fill(&h, 0, "INBOX", "VmTrashOwn", 0, NULL);
	imap_fill(&h, 1, "INBOX", "VmTrashWork", 0, NULL);
	phone_sync_all(x.a, x.in);
	phone_sync_all(x.b, x.bin);
	phone_next_answer_lost(x.a);
	phone_delete(x.a, x.in, folder_need(x.in, "VmTrashWork")->id);
	phone_delete(x.a, x.in, folder_need(x.in, "VmTrashWork")->id);
	phone_delete(x.a, x.in, folder_need(x.in, "VmTrashOwn")->id);
	assert_int_not_equal(imap_uid(c, h.trash, "VmTrashWork"), 0);
	assert_int_not_equal(imap_uid(o, h.trash, "VmTrashOwn"), 0);
	assert_int_equal(imap_uid(o, h.trash, "VmTrashWork"), 0);
	brings(x.b, x.bin, 0, 0, 2);
	quiet(x.a, x.in);
	imap_close(c);
	imap_close(o);
}

/* A reply leaves through the mailbox that got the mail, under its address,
 * which is marked there. */
static void
reply_by_its_own_source(void **state)
{
	struct pair x = two_phones("vmreply");
	struct imap *c = imap_open(&h, 1);
	struct bytes b = { 0 };
	double end = phone_now_ms() + WAIT_MS;
	struct smart s = { .client_id = "vmreply1", .save = true };
	char *mail = crlf("From: Anna <user1@example.test>\n"
			  "To: Dora <dora@outside.test>\n"
			  "Subject: Re: VmReply\nMIME-Version: 1.0\n"
			  "Message-ID: <vmreply@phone>\n"
			  "Content-Type: text/plain\n\nyes\n");

	(void)state;
	imap_fill(&h, 1, "INBOX", "VmReply", 0, NULL);
	phone_sync_all(x.a, x.in);
	s.folder = x.in->id;
	s.item = folder_need(x.in, "VmReply")->id;
	answer_expect_http(phone_smart(x.a, "SmartReply", &s, mail,
				       strlen(mail)), 200);
	while (!sink_find(&h, "Subject: Re: VmReply", &b)) {
		if (phone_now_ms() > end)
			fail_msg("the reply did not leave");
		harness_sleep(20);
	}
	assert_non_null(memmem(b.p, b.n, "From: Anna <user2@", 18));
	assert_int_equal(imap_subjects(&h, 1, h.sent, "Re: VmReply"), 1);
	assert_int_equal(imap_subjects(&h, 0, h.sent, "Re: VmReply"), 0);
	assert_true(imap_has_flag(c, "INBOX", imap_uid(c, "INBOX", "VmReply"),
				  "\\Answered"));
	bytes_free(&b);
	imap_close(c);
	free(mail);
}

/* ---- moves ----*/

/* Out of the merged inbox into a folder of the other mailbox, and back; the
 * answers are lost. */
static void
move_across(void **state)
{
	struct pair x = two_phones("vmmove");
	struct phone_folder *to = harness_folder(&h, x.a, 0, "VmTarget");
	struct imap *c = imap_open(&h, 1), *o = imap_open(&h, 0);
	char item[64];
	struct answer *a;

	(void)state;
	x.in = phone_inbox(x.a);
	imap_fill(&h, 1, "INBOX", "VmMove", 0, NULL);
	phone_sync_all(x.a, x.in);
	phone_sync_all(x.b, x.bin);
	phone_sync_all(x.a, to);
	snprintf(item, sizeof(item), "%s", folder_need(x.in, "VmMove")->id);
	phone_next_answer_lost(x.a);
	phone_move(x.a, item, x.in->id, to->id);
	a = phone_move(x.a, item, x.in->id, to->id);
	answer_expect(a, "/MoveItems/Response/Status", "3");
	assert_int_not_equal(imap_uid(o, "VmTarget", "VmMove"), 0);
	assert_int_equal(imap_uid(c, "INBOX", "VmMove"), 0);
	phone_sync_all(x.a, to);
	assert_string_equal(folder_need(to, "VmMove")->id,
			    answer_text(a, "/MoveItems/Response/DstMsgId"));
	brings(x.b, x.bin, 0, 0, 1);
	/* Back: into the inbox of the mailbox where it is now. */
	snprintf(item, sizeof(item), "%s", folder_need(to, "VmMove")->id);
	phone_next_answer_lost(x.a);
	phone_move(x.a, item, to->id, x.in->id);
	a = phone_move(x.a, item, to->id, x.in->id);
	answer_expect(a, "/MoveItems/Response/Status", "3");
	assert_int_not_equal(imap_uid(o, "INBOX", "VmMove"), 0);
	assert_int_equal(imap_uid(o, "VmTarget", "VmMove"), 0);
	phone_sync_all(x.a, x.in);
	assert_string_equal(folder_need(x.in, "VmMove")->id,
			    answer_text(a, "/MoveItems/Response/DstMsgId"));
	brings(x.b, x.bin, 1, 0, 0);
	quiet(x.a, x.in);
	imap_close(c);
	imap_close(o);
}

/* Moved into the inbox and deleted by another program before the phone asks:
 * it knows the mail by the answer, and is told. */
static void
moved_and_gone(void **state)
{
	struct pair x = two_phones("vmgone");
	struct phone_folder *from = harness_folder(&h, x.a, 0, "VmGone");
	struct imap *o = imap_open(&h, 0);
	char item[64];

	(void)state;
	x.in = phone_inbox(x.a);
	imap_fill(&h, 0, "VmGone", "VmGone", 0, NULL);
	phone_sync_all(x.a, from);
	snprintf(item, sizeof(item), "%s", folder_need(from, "VmGone")->id);
	answer_expect(phone_move(x.a, item, from->id, x.in->id),
		      "/MoveItems/Response/Status", "3");
	folder_need(x.in, "VmGone");
	imap_expunge(o, "INBOX", imap_uid(o, "INBOX", "VmGone"));
	phone_sync_all(x.a, x.in);
	assert_null(folder_subject(x.in, "VmGone"));
	imap_close(o);
}

/* The inbox it is in: nothing to do. */
static void
move_nowhere(void **state)
{
	struct pair x = two_phones("vmsame");

	(void)state;
	imap_fill(&h, 1, "INBOX", "VmSame", 0, NULL);
	phone_sync_all(x.a, x.in);
	answer_expect(phone_move(x.a, folder_need(x.in, "VmSame")->id,
				 x.in->id, x.in->id),
		      "/MoveItems/Response/Status", "4");
}

/* ---- other ways to a mail ----*/

static void
search_and_fetch(void **state)
{
	struct pair x = two_phones("vmsearch");
	struct answer *a;
	const char *id;
	char *query;

	(void)state;
	imap_fill(&h, 0, "INBOX", "VmFindOwn", 0, NULL);
	imap_fill(&h, 1, "INBOX", "VmFindWork", 0, NULL);
	phone_sync_all(x.a, x.in);
	query = bytes_format("<airsync:Class>Email</airsync:Class>"
			     "<airsync:CollectionId>%s</airsync:CollectionId>"
			     "<FreeText>VmFindWork</FreeText>", x.in->id);
	a = phone_search(x.a, query, "<Range>0-9</Range>");
	free(query);
	answer_expect(a, "/Search/Response/Store/Status", "1");
	answer_expect(a, "/Search/Response/Store/Total", "1");
	answer_expect(a, "/Search/Response/Store/Result/CollectionId",
		      x.in->id);
	id = answer_text(a, "/Search/Response/Store/Result/LongId");
	assert_string_equal(id, folder_need(x.in, "VmFindWork")->id);
	a = phone_fetch_long(x.a, id, NULL);
	answer_expect(a, "/ItemOperations/Response/Fetch/Properties/Subject",
		      "VmFindWork");
	a = phone_search(x.a, "<airsync:Class>Email</airsync:Class>"
			      "<FreeText>VmFind</FreeText>",
			 "<Range>0-9</Range>");
	answer_expect(a, "/Search/Response/Store/Total", "2");
	assert_int_equal(phone_estimate(x.a, x.in), 0);
}

static void
attachment(void **state)
{
	struct pair x = two_phones("vmfile");
	struct bytes b = { 0 };
	struct answer *a;

	(void)state;
	imap_put(&h, 1, "INBOX",
		 "From: Carla <carla@elsewhere.test>\n"
		 "To: user2@example.test\nSubject: VmFile\n"
		 "MIME-Version: 1.0\nMessage-ID: <vmfile@elsewhere>\n"
		 "Content-Type: multipart/mixed; boundary=b\n\n"
		 "--b\nContent-Type: text/plain\n\nsee\n"
		 "--b\nContent-Type: application/x-page; name=p.bin\n"
		 "Content-Disposition: attachment; filename=p.bin\n\n"
		 "0123456789\n--b--\n");
	phone_sync_all(x.a, x.in);
	a = phone_fetch_file(x.a,
			     item_text(folder_need(x.in, "VmFile"),
				       "Attachments/Attachment/FileReference"),
			     NULL, false);
	answer_expect(a, "/ItemOperations/Response/Fetch/Status", "1");
	assert_true(answer_file(a, &b));
	assert_memory_equal(b.p, "0123456789", 10);
	bytes_free(&b);
}

/* ---- folder commands ----*/

/* Below the merged inbox: below that of the user's own mailbox. */
static void
folder_below(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "vmbelow");
	struct phone_folder *in = phone_inbox(p), *f;
	struct imap *o = imap_open(&h, 0);

	(void)state;
	answer_expect(phone_folder_create(p, in->id, "Below", 12),
		      "/FolderCreate/Status", "1");
	f = phone_need_name(p, "Below");
	assert_string_equal(f->parent, in->id);
	assert_true(imap_cmd(o, "LIST \"\" \"INBOX*Below\""));
	assert_non_null(imap_line(o, "Below"));
	answer_expect(phone_folder_update(p, f->id, in->id, "Beneath"),
		      "/FolderUpdate/Status", "1");
	phone_folder_sync(p);
	f = phone_need_name(p, "Beneath");
	assert_string_equal(f->parent, in->id);
	phone_sync_all(p, f);
	answer_expect(phone_folder_delete(p, f->id), "/FolderDelete/Status",
		      "1");
	phone_folder_sync(p);
	assert_null(phone_folder_name(p, "Beneath"));
	assert_string_not_equal(answer_text(phone_folder_delete(p, in->id),
					    "/FolderDelete/Status"), "1");
	imap_close(o);
}

static void
emptied(void **state)
{
	struct pair x = two_phones("vmempty");
	struct imap *c = imap_open(&h, 1), *o = imap_open(&h, 0);

	(void)state;
	imap_fill(&h, 0, "INBOX", "VmEmptyOwn", 0, NULL);
	imap_fill(&h, 1, "INBOX", "VmEmptyWork", 0, NULL);
	phone_sync_all(x.a, x.in);
	answer_expect(phone_empty_folder(x.a, x.in->id, false),
		      "/ItemOperations/Response/EmptyFolderContents/Status",
		      "1");
	assert_int_equal(imap_count(c, "INBOX"), 0);
	assert_int_equal(imap_count(o, "INBOX"), 0);
	phone_sync_all(x.a, x.in);
	phone_sync_all(x.b, x.bin);
	assert_int_equal(folder_count(x.in), 0);
	assert_int_equal(folder_count(x.bin), 0);
	imap_close(c);
	imap_close(o);
}

/* ---- sources come and go ----*/

static void
off_and_on(void **state)
{
	struct pair x = two_phones("vmoff");
	size_t before;
	struct imap *c = imap_open(&h, 1);

	(void)state;
	imap_fill(&h, 0, "INBOX", "VmOffOwn", 0, NULL);
	imap_fill(&h, 1, "INBOX", "VmOffWork", 3, NULL);
	phone_sync_all(x.a, x.in);
	before = folder_count(x.in);
	configure("merge = inbox\n", false);
	harness_reload(&h);
	phone_sync_all(x.a, x.in);
	assert_null(folder_subject(x.in, "VmOffWork 1"));
	folder_need(x.in, "VmOffOwn");
	quiet(x.a, x.in);
	imap_expunge(c, "INBOX", imap_uid(c, "INBOX", "VmOffWork 3"));
	configure("merge = inbox\n", true);
	harness_reload(&h);
	phone_sync_all(x.a, x.in);
	folder_need(x.in, "VmOffWork 1");
	folder_need(x.in, "VmOffWork 2");
	assert_null(folder_subject(x.in, "VmOffWork 3"));
	assert_int_equal(folder_count(x.in), before - 1);
	quiet(x.a, x.in);
	phone_set_read(x.a, x.in, folder_need(x.in, "VmOffWork 1")->id, true);
	assert_true(imap_has_flag(c, "INBOX",
				  imap_uid(c, "INBOX", "VmOffWork 1"),
				  "\\Seen"));
	/* Whoever waits hears of it, too. */
	quiet(x.a, x.in);
	imap_close(c);
}

/* Down is not empty: the other inbox goes on, and so does push. */
static void
one_source_down(void **state)
{
	struct pair x = two_phones("vmdown");
	struct harness_user *u = h.users;
	struct running *r;
	char *text;

	(void)state;
	imap_fill(&h, 1, "INBOX", "VmDownWork", 0, NULL);
	phone_sync_all(x.a, x.in);
	text = bytes_format(
		"login = %s, %s\nemail = %s\nmerge = inbox\n[mail]\n"
		"imap = imap+insecure://%s:%d\nsmtp = smtp+insecure://%s:%d\n"
		"username = %s\n[mail work]\n"
		"imap = imap+insecure://127.0.0.1:9\n"
		"smtp = smtp+insecure://127.0.0.1:9\nusername = x\n"
		"password = x\n", u->email, u->login, u->email, h.imap_host,
		h.imap_port, h.smtp_host, h.smtp_port, u->login);
	cli_write(&h, "users.d/user1.conf", text);
	free(text);
	harness_restart(&h);
	quiet(x.a, x.in);
	folder_need(x.in, "VmDownWork");
	r = phone_ping_start(x.a, 120, &x.in, 1);
	harness_sleep(1500);
	assert_false(running_done(r));
	lmtp_plain(&h, 0, "VmDownOwn");
	rings(r, x.in);
	brings(x.a, x.in, 1, 0, 0);
	configure("merge = inbox\n", true);
	harness_restart(&h);
	quiet(x.a, x.in);
}

/* A server that takes the connection and says nothing: the first Sync waits
 * for its share of the time, those after it do not. */
static void
one_source_silent(void **state)
{
	struct pair x = two_phones("vmmute");
	struct harness_user *u = h.users;
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t n = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	double start;
	char *text;

	(void)state;
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, n), 0);
	assert_int_equal(listen(fd, 50), 0);
	getsockname(fd, (struct sockaddr *)&at, &n);
	imap_fill(&h, 1, "INBOX", "VmMuteWork", 0, NULL);
	phone_sync_all(x.a, x.in);
	text = bytes_format(
		"login = %s, %s\nemail = %s\nmerge = inbox\n[mail]\n"
		"imap = imap+insecure://%s:%d\nsmtp = smtp+insecure://%s:%d\n"
		"username = %s\n[mail work]\n"
		"imap = imap+insecure://127.0.0.1:%d\n"
		"smtp = smtp+insecure://127.0.0.1:9\nusername = x\n"
		"password = x\n", u->email, u->login, u->email, h.imap_host,
		h.imap_port, h.smtp_host, h.smtp_port, u->login,
		ntohs(at.sin_port));
	cli_write(&h, "users.d/user1.conf", text);
	free(text);
	harness_restart(&h);
	quiet(x.a, x.in);
	imap_fill(&h, 0, "INBOX", "VmMuteOwn", 0, NULL);
	start = phone_now_ms();
	brings(x.a, x.in, 1, 0, 0);
	assert_true(phone_now_ms() - start < 3000);
	folder_need(x.in, "VmMuteWork");
	close(fd);
	configure("merge = inbox\n", true);
	harness_restart(&h);
	quiet(x.a, x.in);
}

/* The setting itself, back and forth. */
static void
merged_and_not(void **state)
{
	struct phone *p;
	struct phone_folder *in;
	char id[64];

	(void)state;
	imap_fill(&h, 0, "INBOX", "VmSetOwn", 0, NULL);
	imap_fill(&h, 1, "INBOX", "VmSetWork", 0, NULL);
	p = harness_ready_phone(&h, 0, "vmset");
	in = phone_inbox(p);
	snprintf(id, sizeof(id), "%s", in->id);
	phone_sync_all(p, in);
	folder_need(in, "VmSetWork");
	configure("merge = none\n", true);
	harness_reload(&h);
	phone_folder_sync(p);
	in = phone_inbox(p);
	assert_string_not_equal(in->id, id);
	phone_sync_all(p, in);
	folder_need(in, "VmSetOwn");
	assert_null(folder_subject(in, "VmSetWork"));
	in = work_folder(p, "INBOX");
	assert_non_null(in);
	phone_sync_all(p, in);
	folder_need(in, "VmSetWork");
	configure("merge = inbox\n", true);
	harness_reload(&h);
	phone_folder_sync(p);
	in = phone_inbox(p);
	assert_string_equal(in->id, id);
	assert_null(work_folder(p, "INBOX"));
	phone_sync_all(p, in);
	folder_need(in, "VmSetOwn");
	folder_need(in, "VmSetWork");
	quiet(p, in);
}

/* ---- power cuts ----*/

struct cut {
	const char *point;
	void (*act)(struct pair *x, const char *id);
};

static void
act_read(struct pair *x, const char *id)
{
	phone_set_read(x->a, x->in, id, true);
}

static void
act_delete(struct pair *x, const char *id)
{
	phone_delete(x->a, x->in, id);
}

static void
killed_between(void **state)
{
	static const struct cut cuts[] = {
		{ "kill:1:source.before-flags", act_read },
		{ "kill:1:source.after-flags", act_read },
		{ "kill:1:source.before-move", act_delete },
		{ "kill:1:source.after-move", act_delete },
	};
	struct pair x = two_phones("vmkill");
	struct imap *c = imap_open(&h, 1);
	char subject[32], id[64];
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		snprintf(subject, sizeof(subject), "VmKill%zu", i);
		imap_fill(&h, 1, "INBOX", subject, 0, NULL);
		brings(x.a, x.in, 1, 0, 0);
		brings(x.b, x.bin, 1, 0, 0);
		snprintf(id, sizeof(id), "%s", folder_need(x.in, subject)->id);
		harness_set_fault(&h, cuts[i].point);
		harness_restart(&h);
		x.a->may_fail = true;
		cuts[i].act(&x, id);
		x.a->may_fail = false;
		harness_disarm(&h);
		cuts[i].act(&x, id);
		phone_sync_all(x.a, x.in);
		quiet(x.a, x.in);
		if (i < 2) {
			assert_true(imap_has_flag(
				c, "INBOX", imap_uid(c, "INBOX", subject),
				"\\Seen"));
			brings(x.b, x.bin, 0, 1, 0);
		} else {
			assert_int_equal(imap_uid(c, "INBOX", subject), 0);
			assert_int_not_equal(imap_uid(c, h.trash, subject), 0);
			assert_null(folder_subject(x.in, subject));
			brings(x.b, x.bin, 0, 0, 1);
		}
	}
	imap_close(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_inbox),
		cmocka_unit_test(mail_of_both),
		cmocka_unit_test(either_rings),
		cmocka_unit_test(a_waiting_sync),
		cmocka_unit_test(long_download),
		cmocka_unit_test(trash_of_its_own),
		cmocka_unit_test(reply_by_its_own_source),
		cmocka_unit_test(move_across),
		cmocka_unit_test(moved_and_gone),
		cmocka_unit_test(move_nowhere),
		cmocka_unit_test(search_and_fetch),
		cmocka_unit_test(attachment),
		cmocka_unit_test(folder_below),
		cmocka_unit_test(emptied),
		cmocka_unit_test(off_and_on),
		cmocka_unit_test(one_source_down),
		cmocka_unit_test(one_source_silent),
		cmocka_unit_test(merged_and_not),
		cmocka_unit_test(killed_between),
	};

	return cmocka_run_group_tests(tests, up, down);
}
