#include "tests/phone/notes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *
notes_box(const struct harness *h)
{
	static char name[80];

	snprintf(name, sizeof(name), "%sNotes",
		 strncmp(h->sent, "INBOX", 5) ? ""
		 : h->sent[5] == '/'	      ? "INBOX/"
					      : "INBOX.");
	return name;
}

void
notes_make(struct harness *h, int user)
{
	struct imap *c = imap_open(h, user);

	imap_cmd(c, "CREATE %s", notes_box(h)); /* there already is as good */
	imap_close(c);
}

unsigned
note_put(struct harness *h, int user, const char *uuid, const char *subject,
	 const char *html)
{
	char *text = bytes_format(
		"From: me@example.org\nSubject: %s\n"
		"X-Universally-Unique-Identifier: %s\nX-Foreign: kept\n"
		"X-Uniform-Type-Identifier: com.apple.mail-note\n"
		"Message-Id: <%s@example.org>\n"
		"Date: Fri, 06 Jan 2012 23:19:33 +0100\n"
		"X-Mail-Created-Date: Fri, 06 Jan 2012 23:00:00 +0100\n"
		"Content-Type: text/html; charset=utf-8\n"
		"Mime-Version: 1.0 (1.0)\n\n%s\n", subject, uuid, subject,
		html);
	unsigned uid = imap_put(h, user, notes_box(h), text);

	free(text);
	return uid;
}

unsigned
note_replace(struct harness *h, int user, unsigned old, const char *uuid,
	     const char *subject, const char *html)
{
	unsigned uid = note_put(h, user, uuid, subject, html);
	struct imap *c = imap_open(h, user);

	imap_expunge(c, notes_box(h), old);
	imap_close(c);
	return uid;
}

static size_t
find(struct imap *c, struct harness *h, const char *header, unsigned *uids,
     size_t room)
{
	unsigned all[500];
	size_t n, i, m = 0;

	if (!imap_cmd(c, "EXAMINE %s", notes_box(h)))
		return 0; /* there is none */
	n = imap_search(c, "UNDELETED", all, 500);
	for (i = 0; i < n; i++) {
		struct bytes b = { 0 };

		imap_fetch(c, notes_box(h), all[i], "HEADER", &b);
		if (strstr(b.p, header) && m < room)
			uids[m++] = all[i];
		bytes_free(&b);
	}
	return m;
}

size_t
note_count(struct harness *h, int user, const char *header)
{
	struct imap *c = imap_open(h, user);
	unsigned uids[500];
	size_t n = find(c, h, header, uids, 500);

	imap_close(c);
	return n;
}

char *
note_get(struct harness *h, int user, const char *header)
{
	struct imap *c = imap_open(h, user);
	struct bytes b = { 0 };
	unsigned uids[2];
	size_t n = find(c, h, header, uids, 2);

	if (n != 1)
		phone_failf("%zu notes with \"%s\" in the mailbox", n, header);
	imap_fetch(c, notes_box(h), uids[0], "", &b);
	imap_close(c);
	return b.p;
}

static void
check(struct harness *h, int user, const char *header, const char *text,
      bool want)
{
	char *mail = note_get(h, user, header);

	if ((strstr(mail, text) != NULL) != want)
		phone_failf("%s \"%s\" in\n%s", want ? "no" : "there is",
			    text, mail);
	free(mail);
}

void
note_has(struct harness *h, int user, const char *header, const char *text)
{
	check(h, user, header, text, true);
}

void
note_has_not(struct harness *h, int user, const char *header, const char *text)
{
	check(h, user, header, text, false);
}

/* ---- phones ------------------------------------------------------------*/

struct phone *
note_phone(struct harness *h, int user, const char *device,
	   struct phone_folder **f)
{
	struct phone *p = harness_ready_phone(h, user, device);

	*f = phone_need_type(p, 10);
	phone_set_options(*f, OPTIONS_PLAIN);
	phone_sync_all(p, *f);
	return p;
}

#define FIELDS                                                              \
	"<ApplicationData><notes:Subject>%s</notes:Subject>"                \
	"<base:Body><base:Type>1</base:Type><base:Data>%s</base:Data>"      \
	"</base:Body><notes:MessageClass>IPM.StickyNote"                    \
	"</notes:MessageClass><notes:Categories><notes:Category>Red"        \
	"</notes:Category></notes:Categories></ApplicationData>"

char *
note_add_xml(const char *client_id, const char *subject, const char *text)
{
	return bytes_format("<Add><ClientId>%s</ClientId>" FIELDS "</Add>",
			    client_id, subject, text);
}

char *
note_change_xml(const char *id, const char *subject, const char *text)
{
	return bytes_format("<Change><ServerId>%s</ServerId>" FIELDS
			    "</Change>", id, subject, text);
}

struct sync_result
note_add(struct phone *p, struct phone_folder *f, const char *client_id,
	 const char *subject, const char *text)
{
	char *xml = note_add_xml(client_id, subject, text);
	struct sync_result r = phone_sync(p, f, xml);

	free(xml);
	return r;
}

struct sync_result
note_change(struct phone *p, struct phone_folder *f, const char *id,
	    const char *subject, const char *text)
{
	char *xml = note_change_xml(id, subject, text);
	struct sync_result r = phone_sync(p, f, xml);

	free(xml);
	return r;
}
