/* Sending, replying and forwarding with every fault there is: each mail
 * leaves once, its copy lies in Sent once, or (in the one moment in which
 * nobody can know) a notice in the inbox holds it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/phone/faults.h"

static struct harness h;

#define ORIGINAL                                                              \
	"From: Carla <carla@elsewhere.test>\nTo: user1@example.test\n"        \
	"Subject: Original\nMessage-ID: <orig@elsewhere>\n"                   \
	"MIME-Version: 1.0\nDate: Wed, 01 May 2024 08:30:00 +0000\n"          \
	"Content-Type: multipart/mixed; boundary=\"b\"\n\n"                   \
	"--b\nContent-Type: text/plain\n\nThe text.\n"                        \
	"--b\nContent-Type: application/octet-stream; name=\"odd.bin\"\n"     \
	"Content-Transfer-Encoding: base64\n\nAAECAwQFBgcICQ==\n--b--\n"

static void
put_original(struct fault_run *x)
{
	imap_put(x->h, 0, "FltA", ORIGINAL);
}

struct letter {
	const char *cmd; /* NULL: SendMail */
	char *mime;
	struct smart smart;
};

static char *
letter(const struct fault_run *x)
{
	char *lf = bytes_format("From: Anna <user1@example.test>\n"
				"To: Dora <dora@outside.test>\n"
				"Subject: %s\nMIME-Version: 1.0\n"
				"Message-ID: <%s@phone>\n"
				"Content-Type: text/plain\n\nHello\n",
				x->tag, x->tag);
	char *mail = crlf(lf);

	free(lf);
	return mail;
}

static struct answer *
ask_letter(struct fault_run *x, void *ctx)
{
	struct letter *l = ctx;

	if (!l->cmd)
		return phone_send(x->p, x->tag, true, l->mime,
				  strlen(l->mime));
	return phone_smart(x->p, l->cmd, &l->smart, l->mime,
			   strlen(l->mime));
}

/* Empty: sent. 118: sent before. */
static bool
letter_done(struct answer *a)
{
	return a->n_raw == 0 || answer_int(a, "/*/Status") == 118;
}

static void
send_letter(struct fault_run *x, struct letter *l)
{
	x->sends = true;
	l->mime = letter(x);
	fault_insist(x, ask_letter, letter_done, l);
	free(l->mime);
}

static void
play_send(struct fault_run *x)
{
	struct letter l = { .cmd = NULL };

	fault_set_up(x);
	send_letter(x, &l);
}

static void
smart(struct fault_run *x, const char *cmd)
{
	struct letter l = { .cmd = cmd };
	struct phone_folder *f;

	fault_set_up(x);
	f = fault_folder(x, "FltA");
	fault_sync(x, f, NULL);
	l.smart = (struct smart){ .client_id = x->tag, .folder = f->id,
				  .item = fault_item(f, "Original"),
				  .save = true };
	send_letter(x, &l);
}

static void
play_reply(struct fault_run *x)
{
	smart(x, "SmartReply");
}

static void
play_forward(struct fault_run *x)
{
	smart(x, "SmartForward");
}

/* Sent and inbox are judged by the mail's tag; the original by its flags,
 * but a flag that could not be set after the mail left is not worth an
 * error to anybody: it is no part of the comparison. */
static const struct fault_scenario sending = {
	"send", { "FltA" }, NULL, play_send
};
static const struct fault_scenario replying = {
	"reply", { NULL }, NULL, play_reply
};
static const struct fault_scenario forwarding = {
	"forward", { NULL }, NULL, play_forward
};

static void
run_send(void **state)
{
	(void)state;
	fault_play(&h, &sending);
}

static void
run_reply(void **state)
{
	(void)state;
	put_original(&(struct fault_run){ .h = &h });
	fault_play(&h, &replying);
}

static void
run_forward(void **state)
{
	(void)state;
	fault_play(&h, &forwarding);
}

static int
up(void **state)
{
	struct imap *c;

	(void)state;
	harness_up(&h, &(struct harness_options){ .name = "test_faults_send" });
	c = imap_open(&h, 0);
	imap_cmd(c, "CREATE FltA");
	imap_close(c);
	return 0;
}

static int
down(void **state)
{
	(void)state;
	return harness_down(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(run_send),
		cmocka_unit_test(run_reply),
		cmocka_unit_test(run_forward),
	};

	return cmocka_run_group_tests(tests, up, down);
}
