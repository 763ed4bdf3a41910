/* The show of `make demo`: a phone plays against the running gateway and
 * says what it sees, step by step, with the time each step took.
 *
 * usage: show endpoints.json
 *
 * endpoints.json names eas_url, imap and lmtp (host:port) and users (login,
 * password, email); the show takes the first user. It ends with 1 at the
 * first step that fails. */
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/phone/harness.h"

#define PUSH_MS 30000

static struct harness ground; /* only the addresses of the servers */
static char base[256];        /* scheme://host:port */
static int steps;
static double began;
static bool colour;

/* ---- telling -----------------------------------------------------------*/

static const char *
paint(const char *code)
{
	return colour ? code : "";
}

#define BOLD paint("\033[1m")
#define DIM paint("\033[2m")
#define GREEN paint("\033[32m")
#define RED paint("\033[31m")
#define PLAIN paint("\033[0m")

static void
begin(void)
{
	began = phone_now_ms();
}

static void
done_in(double ms, const char *title)
{
	printf("%s%2d%s  %s%-46s%s %s%8.1f ms%s\n", DIM, ++steps, PLAIN, BOLD,
	       title, PLAIN, GREEN, ms, PLAIN);
	fflush(stdout);
}

static void
done(const char *title)
{
	done_in(phone_now_ms() - began, title);
}

static void tell(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static void
tell(const char *fmt, ...)
{
	va_list ap;

	printf("      ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

static void
end_show(const char *message)
{
	printf("\n%sThe show stops after step %d:%s %s\n", RED, steps, PLAIN,
	       message);
	fflush(stdout);
	exit(1);
}

static void
need(bool ok, const char *what)
{
	if (!ok)
		end_show(what);
}

/* ---- endpoints ---------------------------------------------------------*/

/* "[scheme://]host:port" */
static void
address(const char *text, char *host, size_t room, int *port)
{
	const char *at = strstr(text, "://"), *colon;

	at = at ? at + 3 : text;
	colon = strrchr(at, ':');
	if (!colon)
		return;
	snprintf(host, room, "%.*s", (int)(colon - at), at);
	*port = atoi(colon + 1);
}

/* A string "host:port" or an object with host and port. */
static void
endpoint(json_t *all, const char *key, char *host, size_t room, int *port)
{
	json_t *one = json_object_get(all, key);
	json_t *inner = json_object_get(one, "host");

	if (json_is_string(one)) {
		address(json_string_value(one), host, room, port);
	} else if (json_is_string(inner)) {
		snprintf(host, room, "%s", json_string_value(inner));
		*port = (int)json_integer_value(json_object_get(one, "port"));
	}
}

static void
take_user(json_t *u)
{
	struct harness_user *to = &ground.users[0];
	const char *login = json_string_value(json_object_get(u, "login"));
	const char *pass = json_string_value(json_object_get(u, "password"));
	const char *email = json_string_value(json_object_get(u, "email"));

	need(login && pass && email, "endpoints: a user lacks something");
	snprintf(to->login, sizeof(to->login), "%s", login);
	snprintf(to->password, sizeof(to->password), "%s", pass);
	snprintf(to->email, sizeof(to->email), "%s", email);
	ground.n_users = 1;
}

static void
read_endpoints(const char *path)
{
	json_error_t e;
	json_t *all = json_load_file(path, 0, &e);
	const char *url;

	need(all, e.text);
	url = json_string_value(json_object_get(all, "eas_url"));
	need(url, "endpoints: no eas_url");
	snprintf(base, sizeof(base), "%.*s",
		 (int)(strcspn(strstr(url, "://") + 3, "/") +
		       (size_t)(strstr(url, "://") + 3 - url)),
		 url);
	endpoint(all, "imap", ground.imap_host, sizeof(ground.imap_host),
		 &ground.imap_port);
	endpoint(all, "lmtp", ground.lmtp_host, sizeof(ground.lmtp_host),
		 &ground.lmtp_port);
	need(ground.imap_port && ground.lmtp_port,
	     "endpoints: no imap or lmtp");
	take_user(json_array_get(json_object_get(all, "users"), 0));
	json_decref(all);
}

/* ---- setting up --------------------------------------------------------*/

static void
discover(struct phone *p)
{
	struct answer *a;

	begin();
	a = phone_autodiscover(p, base, ground.users[0].email);
	need(a->status == 200 && strstr(p->url, "ActiveSync"),
	     "autodiscover names no service");
	done("Autodiscover");
	tell("%s", p->url);
}

static void
options(struct phone *p)
{
	struct answer *a;

	begin();
	a = phone_options(p);
	need(a->status == 200, "OPTIONS is refused");
	done("OPTIONS");
	tell("versions %s", answer_header(a, "MS-ASProtocolVersions"));
}

/* Type numbers of FolderSync, in words. */
static const char *
type_name(int type)
{
	static const char *const names[] = {
		"",	     "user folder", "inbox",	"drafts",
		"trash",     "sent",	    "outbox",	"tasks",
		"calendar",  "contacts",    "notes",	"journal",
		"mail",	     "calendar",    "contacts", "tasks",
		"journal",   "notes",	    "unknown",	"recipients",
	};

	return type > 0 && type < 20 ? names[type] : "?";
}

static void
tell_tree(struct phone *p, const char *parent, int depth)
{
	struct phone_folder *f;

	for (f = p->folders; f; f = f->next) {
		if (strcmp(f->parent, parent) != 0)
			continue;
		tell("%*s%-*s %s%s%s", depth * 2, "", 28 - depth * 2, f->name,
		     DIM, type_name(f->type), PLAIN);
		tell_tree(p, f->id, depth + 1);
	}
}

static void
folders(struct phone *p)
{
	struct answer *a;

	begin();
	a = phone_folder_sync(p);
	if (phone_must_provision(a)) {
		phone_provision(p);
		done("Provision, both phases");
		begin();
		a = phone_folder_sync(p);
	}
	need(answer_int(a, "/FolderSync/Status") == 1, "FolderSync fails");
	done("FolderSync");
	tell_tree(p, "0", 0);
}

/* ---- reading -----------------------------------------------------------*/

static void
tell_newest(struct phone_folder *f, int n)
{
	struct phone_item *it;

	for (it = f->items; it && n; it = it->next, n--)
		tell("%s %s%.10s%s  %s",
		     !strcmp(item_text(it, "Read"), "1") ? " " : "*", DIM,
		     item_text(it, "DateReceived"), PLAIN,
		     item_text(it, "Subject") ? item_text(it, "Subject")
					      : "(no subject)");
}

#define OPTIONS_SHORT                                                         \
	"<FilterType>0</FilterType><base:BodyPreference><base:Type>1"         \
	"</base:Type><base:TruncationSize>500</base:TruncationSize>"          \
	"</base:BodyPreference>"

static void
first_sync(struct phone *p, struct phone_folder *f)
{
	struct sync_result r;
	char title[80];

	phone_set_options(f, OPTIONS_SHORT);
	f->window = 50;
	begin();
	r = phone_sync_all(p, f);
	snprintf(title, sizeof(title), "First Sync of the inbox: %zu mails",
		 folder_count(f));
	done(title);
	tell("%u requests, 50 mails each at most; the newest:", r.rounds);
	tell_newest(f, 5);
}

#define HTML_WISH                                                             \
	"<base:BodyPreference><base:Type>2</base:Type></base:BodyPreference>"

static void
open_mail(struct phone *p, struct phone_folder *f, struct phone_item *it)
{
	struct answer *a;
	const char *data;

	begin();
	a = phone_fetch_item(p, f->id, it->id, HTML_WISH, false);
	data = answer_text(a, "/ItemOperations/Response/Fetch/Properties/"
			      "Body/Data");
	need(data, "the mail cannot be opened");
	done("A mail opened (ItemOperations Fetch)");
	tell("\"%s\": %zu bytes of HTML",
	     item_text(it, "Subject") ? item_text(it, "Subject") : "",
	     strlen(data));
}

static void
open_file(struct phone *p, struct phone_item *it)
{
	const char *path = "Attachments/Attachment/";
	char which[80];
	struct bytes b = { 0 };
	struct answer *a;

	snprintf(which, sizeof(which), "%sFileReference", path);
	begin();
	a = phone_fetch_file(p, item_text(it, which), NULL, true);
	need(answer_file(a, &b), "the attachment cannot be fetched");
	done("An attachment fetched (multipart)");
	snprintf(which, sizeof(which), "%sDisplayName", path);
	tell("%s, %zu bytes", item_text(it, which), b.n);
	bytes_free(&b);
}

static struct phone_item *
with_file(struct phone_folder *f)
{
	struct phone_item *it = f->items;

	while (it && !node_find(item_fields(it), "Attachments/Attachment"))
		it = it->next;
	return it;
}

/* ---- a mail of our own -------------------------------------------------*/

#define PICTURE                                                               \
	"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwAD\n" \
	"hgGAWjR9awAAAABJRU5ErkJggg==\n"

static char *
show_mail(const char *subject)
{
	char *text, *mail;

	text = bytes_format(
		"From: Frieda Sender <frieda@elsewhere.test>\nTo: %s\n"
		"Subject: %s\nMessage-ID: <show.%d.%.0f@elsewhere.test>\n"
		"MIME-Version: 1.0\n"
		"Content-Type: multipart/mixed; boundary=show\n\n"
		"--show\nContent-Type: text/html; charset=utf-8\n\n"
		"<p>Hello, <b>phone</b>! Shall we meet at noon?</p>\n"
		"--show\nContent-Type: image/png; name=dot.png\n"
		"Content-Transfer-Encoding: base64\n"
		"Content-Disposition: attachment; filename=dot.png\n\n" PICTURE
		"--show--\n",
		ground.users[0].email, subject, (int)getpid(), phone_now_ms());
	mail = crlf(text);
	free(text);
	return mail;
}

static double
deliver(const char *subject)
{
	char *mail = show_mail(subject);
	double when = lmtp_deliver(&ground, 0, mail, strlen(mail));

	free(mail);
	return when;
}

/* ---- answering ---------------------------------------------------------*/

static void
reply(struct phone *p, struct phone_folder *f, struct phone_item *it)
{
	char *id = bytes_format("show-%d", (int)getpid());
	char *subject = bytes_format("Re: a reply from the show %d",
				     (int)getpid());
	struct smart k = { .client_id = id,
			   .folder = f->id,
			   .item = it->id,
			   .save = true };
	struct phone_folder *sent = phone_need_type(p, 5);
	char *text, *mail;
	struct answer *a;

	phone_set_options(sent, OPTIONS_SHORT);
	phone_sync_all(p, sent);
	text = bytes_format("From: %s\nTo: %s\nSubject: %s\n"
			    "MIME-Version: 1.0\n"
			    "Content-Type: text/plain; charset=utf-8\n\n"
			    "Noon is fine.\n",
			    ground.users[0].email, ground.users[0].email,
			    subject);
	mail = crlf(text);
	begin();
	a = phone_smart(p, "SmartReply", &k, mail, strlen(mail));
	need(a->status == 200 && !a->n_raw, "the reply is not taken");
	done("A reply sent (SmartReply)");
	begin();
	phone_sync_all(p, sent);
	need(folder_subject(sent, subject), "the reply is not in Sent");
	done("... and seen in Sent");
	free(id);
	free(subject);
	free(text);
	free(mail);
}

/* ---- push --------------------------------------------------------------*/

static struct phone_item *
pushed_mail(struct phone *p, struct phone_folder *f)
{
	char *subject = bytes_format("Pushed by the show %d", (int)getpid());
	struct running *r;
	struct answer *a;
	struct phone_item *it;
	double when;

	phone_sync_all(p, f);
	r = phone_ping_start(p, 120, &f, 1);
	harness_sleep(1000);
	need(!running_done(r), "the Ping does not wait");
	when = deliver(subject);
	a = running_wait(r, PUSH_MS);
	need(a && answer_int(a, "/Ping/Status") == 2, "no push");
	done_in(a->done_ms - when, "A mail pushed: from LMTP's 250 to the Ping");
	tell("%sDovecot itself waits up to 500 ms before it tells anybody%s",
	     DIM, PLAIN);
	begin();
	phone_sync_all(p, f);
	it = folder_subject(f, subject);
	need(it, "the pushed mail does not come with Sync");
	done("... and fetched by Sync");
	tell("\"%s\"", subject);
	free(subject);
	return it;
}

/* ---- changing ----------------------------------------------------------*/

static void
read_it(struct phone *p, struct phone_folder *f, struct phone_item *it)
{
	struct imap *c = imap_open(&ground, 0);
	unsigned uid = imap_uid(c, "INBOX", item_text(it, "Subject"));
	struct sync_result r;

	begin();
	r = phone_set_read(p, f, it->id, true);
	need(r.status == 1 && !r.failed, "reading is refused");
	done("Read on the phone");
	need(imap_has_flag(c, "INBOX", uid, "\\Seen"),
	     "the server does not know that it was read");
	tell("IMAP says: %s", imap_flags(c, "INBOX", uid));
	imap_close(c);
}

static void
delete_it(struct phone *p, struct phone_folder *f, struct phone_item *it)
{
	char *subject = strdup(item_text(it, "Subject"));
	struct phone_folder *trash = phone_need_type(p, 4);
	struct sync_result r;

	begin();
	r = phone_delete(p, f, it->id);
	need(r.status == 1 && !r.failed, "deleting is refused");
	done("Deleted on the phone");
	phone_set_options(trash, OPTIONS_SHORT);
	phone_sync_all(p, trash);
	need(folder_subject(trash, subject), "the mail is not in the trash");
	tell("now in %s", trash->name);
	free(subject);
}

/* ---- the show ----------------------------------------------------------*/

static void
show_calendar(struct phone *p)
{
	struct phone_folder *f = phone_folder_type(p, 8);
	struct phone_folder *t = phone_folder_type(p, 7);
	struct phone_item *it;
	char title[80];

	if (!f || !t) {
		tell("no calendar: the servers run without Radicale");
		return;
	}
	begin();
	phone_sync_all(p, f);
	phone_sync_all(p, t);
	snprintf(title, sizeof(title), "Calendar and tasks: %zu and %zu",
		 folder_count(f), folder_count(t));
	done(title);
	for (it = f->items; it; it = it->next)
		tell("* %.8s  %s", item_text(it, "StartTime"),
		     item_text(it, "Subject"));
}

/* Shows the address book, and edits a contact: what the phone does not know
 * of stays at the source. */
static void
show_contacts(struct phone *p)
{
	struct phone_folder *f = phone_folder_type(p, 9);
	struct phone_folder *n = phone_folder_type(p, 10);
	struct sync_result r;
	struct phone_item *it;
	char title[80];

	if (!f || !n)
		return;
	begin();
	phone_sync_all(p, f);
	phone_sync_all(p, n);
	snprintf(title, sizeof(title), "Contacts and notes: %zu and %zu",
		 folder_count(f), folder_count(n));
	done(title);
	for (it = f->items; it; it = it->next)
		tell("* %s", item_text(it, "FileAs"));
	for (it = n->items; it; it = it->next)
		tell("* note: %s", item_text(it, "Subject"));
	begin();
	r = phone_syncf(p, f,
			"<Add><ClientId>show%d</ClientId><ApplicationData>"
			"<contacts:FileAs>Ada Lovelace</contacts:FileAs>"
			"<contacts:FirstName>Ada</contacts:FirstName>"
			"<contacts:LastName>Lovelace</contacts:LastName>"
			"<contacts:Email1Address>ada@outside.test"
			"</contacts:Email1Address>"
			"</ApplicationData></Add>", (int)getpid());
	need(r.status == 1 && !r.failed, "the new contact is refused");
	done("Made a contact on the phone");
}

static void
play(struct phone *p)
{
	struct phone_folder *f;
	struct phone_item *it;

	discover(p);
	options(p);
	folders(p);
	f = phone_inbox(p);
	first_sync(p, f);
	if (!with_file(f)) {
		deliver("A mail with a picture");
		phone_sync_all(p, f);
	}
	it = with_file(f);
	need(it, "there is no mail with an attachment");
	open_mail(p, f, it);
	open_file(p, it);
	reply(p, f, it);
	it = pushed_mail(p, f);
	read_it(p, f, it);
	delete_it(p, f, it);
	show_calendar(p);
	show_contacts(p);
}

int
main(int argc, char **argv)
{
	char device[32];
	struct phone *p;

	if (argc != 2) {
		fprintf(stderr, "usage: show endpoints.json\n");
		return 2;
	}
	colour = isatty(1) && !getenv("NO_COLOR");
	phone_fail = end_show;
	read_endpoints(argv[1]);
	snprintf(device, sizeof(device), "show%d", (int)getpid());
	p = phone_new(base, ground.users[0].email, ground.users[0].password,
		      device);
	printf("\n%sA phone meets easbridge%s at %s as %s\n\n", BOLD, PLAIN,
	       base, ground.users[0].email);
	play(p);
	printf("\n%sAll %d steps passed.%s\n\n", GREEN, steps, PLAIN);
	phone_free(p);
	return 0;
}
