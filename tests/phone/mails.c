/* Mails: made, delivered through LMTP, found again in the sink. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/phone/harness.h"
#include "tests/phone/net.h"

#define SINK_MS 10000

/* ---- making ------------------------------------------------------------*/

char *
crlf(const char *text)
{
	struct bytes out = { 0 };

	bytes_put(&out, "", 0);
	for (; *text; text++) {
		if (*text == '\r')
			continue;
		if (*text == '\n')
			bytes_byte(&out, '\r');
		bytes_byte(&out, (unsigned char)*text);
	}
	return out.p;
}

char *
mail_plain(const char *subject, const char *body)
{
	static unsigned serial;
	time_t now = time(NULL);
	char date[64];
	char *text, *out;

	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S +0000",
		 gmtime(&now));
	text = bytes_format("From: Carla Sender <carla@elsewhere.test>\n"
			    "To: Anna <user1@example.test>\n"
			    "Subject: %s\nDate: %s\n"
			    "Message-ID: <%ld.%d.%u@elsewhere.test>\n"
			    "MIME-Version: 1.0\n"
			    "Content-Type: text/plain; charset=utf-8\n"
			    "Content-Transfer-Encoding: 8bit\n\n%s\n",
			    subject, date, (long)now, (int)getpid(), ++serial,
			    body);
	out = crlf(text);
	free(text);
	return out;
}

void
imap_fill(struct harness *h, int user, const char *mailbox,
	  const char *subject, int n, const char *date)
{
	struct imap *c = imap_open(h, user);
	char *mail, *name;
	int i;

	for (i = 1; i <= (n ? n : 1); i++) {
		name = n ? bytes_format("%s %d", subject, i) : strdup(subject);
		mail = mail_plain(name, "Just a few words.");
		imap_append(c, mailbox, NULL, date, mail, strlen(mail));
		free(mail);
		free(name);
	}
	imap_close(c);
}

unsigned
imap_put(struct harness *h, int user, const char *mailbox, const char *text)
{
	struct imap *c = imap_open(h, user);
	char *mail = crlf(text);
	unsigned uid;

	uid = imap_append(c, mailbox, NULL, NULL, mail, strlen(mail));
	free(mail);
	imap_close(c);
	return uid;
}

/* ---- LMTP --------------------------------------------------------------*/

/* Reads one reply (all its lines); its code, 0 if the connection is gone. */
static int
reply(FILE *f)
{
	char line[1024];

	do {
		if (!fgets(line, sizeof(line), f))
			return 0;
	} while (strlen(line) > 3 && line[3] == '-');
	return atoi(line);
}

static void
say(FILE *f, int fd, int want, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static void
say(FILE *f, int fd, int want, const char *fmt, ...)
{
	struct bytes b = { 0 };
	va_list ap;
	int code;

	va_start(ap, fmt);
	bytes_vprintf(&b, fmt, ap);
	va_end(ap);
	harness_write(fd, b.p, b.n);
	code = reply(f);
	if (code != want)
		phone_failf("LMTP: %d to %s", code, b.p);
	bytes_free(&b);
}

/* Dots doubled at line starts, ended with CRLF.CRLF. */
static void
put_data(struct bytes *out, const char *mail, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (mail[i] == '.' && (!i || mail[i - 1] == '\n'))
			bytes_byte(out, '.');
		bytes_byte(out, (unsigned char)mail[i]);
	}
	if (n < 2 || mail[n - 1] != '\n')
		bytes_str(out, "\r\n");
	bytes_str(out, ".\r\n");
}

double
lmtp_deliver(struct harness *h, int user, const char *mail, size_t n)
{
	int fd = harness_connect(h->lmtp_host, h->lmtp_port), code;
	struct bytes data = { 0 };
	double when;
	FILE *f;

	if (fd < 0) {
		phone_failf("LMTP: cannot connect to %s:%d", h->lmtp_host,
			    h->lmtp_port);
		return 0;
	}
	f = fdopen(dup(fd), "r");
	reply(f);
	say(f, fd, 250, "LHLO test\r\n");
	say(f, fd, 250, "MAIL FROM:<carla@elsewhere.test>\r\n");
	say(f, fd, 250, "RCPT TO:<%s>\r\n", h->users[user].email);
	say(f, fd, 354, "DATA\r\n");
	put_data(&data, mail, n);
	harness_write(fd, data.p, data.n);
	code = reply(f);
	when = phone_now_ms();
	if (code != 250)
		phone_failf("LMTP: %d to the mail", code);
	bytes_free(&data);
	harness_write(fd, "QUIT\r\n", 6);
	fclose(f);
	close(fd);
	return when;
}

double
lmtp_plain(struct harness *h, int user, const char *subject)
{
	char *mail = mail_plain(subject, "Just a few words.");
	double when = lmtp_deliver(h, user, mail, strlen(mail));

	free(mail);
	return when;
}

/* ---- the sink ----------------------------------------------------------*/

static int
is_mail(const struct dirent *d)
{
	const char *dot = strrchr(d->d_name, '.');

	return dot && dot != d->d_name && !strcmp(dot, ".eml");
}

size_t
sink_count(struct harness *h)
{
	struct dirent **list;
	int i, n = scandir(h->sink, &list, is_mail, alphasort);

	for (i = 0; i < n; i++)
		free(list[i]);
	if (n >= 0)
		free(list);
	return n > 0 ? (size_t)n : 0;
}

size_t
sink_wait(struct harness *h, size_t n, long ms)
{
	double end = phone_now_ms() + (double)ms;

	while (sink_count(h) < n && phone_now_ms() < end)
		harness_sleep(10);
	return sink_count(h);
}

static bool
read_at(const char *path, struct bytes *out)
{
	FILE *f = fopen(path, "rb");
	char block[65536];
	size_t n;

	if (!f)
		return false;
	out->n = 0;
	bytes_put(out, "", 0);
	while ((n = fread(block, 1, sizeof(block), f)) > 0)
		bytes_put(out, block, n);
	fclose(f);
	return true;
}

bool
sink_read(struct harness *h, size_t i, struct bytes *out)
{
	struct dirent **list;
	int k, n = scandir(h->sink, &list, is_mail, alphasort);
	bool ok = false;
	char path[4096];

	for (k = 0; k < n; k++) {
		if ((size_t)k == i) {
			snprintf(path, sizeof(path), "%s/%s", h->sink,
				 list[k]->d_name);
			ok = read_at(path, out);
		}
		free(list[k]);
	}
	if (n >= 0)
		free(list);
	return ok;
}

bool
sink_find(struct harness *h, const char *text, struct bytes *out)
{
	size_t i = sink_count(h);

	while (i--)
		if (sink_read(h, i, out) &&
		    memmem(out->p, out->n, text, strlen(text)))
			return true;
	return false;
}

void
sink_need(struct harness *h, const char *text, struct bytes *out)
{
	double end = phone_now_ms() + SINK_MS;

	while (!sink_find(h, text, out)) {
		if (phone_now_ms() > end)
			phone_failf("no mail with '%s' in the sink", text);
		harness_sleep(20);
	}
}

size_t
sink_times(struct harness *h, const char *text)
{
	struct bytes b = { 0 };
	size_t i, n = sink_count(h), times = 0;

	for (i = 0; i < n; i++)
		if (sink_read(h, i, &b) &&
		    memmem(b.p, b.n, text, strlen(text)))
			times++;
	bytes_free(&b);
	return times;
}
