/* Sending: every mail leaves once, one copy in Sent; in doubt a notice. */
#include <stdlib.h>
#include <string.h>

#include "tests/fault/helper_jobs.h"

/* Success is an empty answer; 118 means: it had left before, which phones
 * take as sent (MS-ASCMD 2.2.2). */
static void
demand_sent(struct answer *a)
{
	if (a->status != 200 ||
	    (a->n_raw && (!a->doc || answer_int(a, "*/Status") != 118)))
		run_failf("%s: HTTP %ld\n%s", a->cmd, a->status,
			  answer_show(a));
}

static void
send_letter(struct run *r, const char *client_id, const char *subject)
{
	char *mail = run_letter(r, subject);

	demand_sent(phone_send(r->p, client_id, true, mail, strlen(mail)));
	free(mail);
}

static void
send(struct run *r)
{
	send_letter(r, "send-1", "Letter");
	phone_sync_all(r->p, phone_need_type(r->p, 5));
}

/* Two mails with the same words are two mails. */
static void
send_two(struct run *r)
{
	send_letter(r, "two-1", "Letter");
	send_letter(r, "two-2", "Letter");
	phone_sync_all(r->p, phone_need_type(r->p, 5));
}

static void
original(struct run *r)
{
	run_fill(r, "INBOX", "Original", 0);
	run_set_up(r);
}

static void
smart(struct run *r, const char *cmd)
{
	struct phone_folder *in = phone_inbox(r->p);
	struct smart k = { .client_id = "smart-1",
			   .folder = in->id,
			   .item = run_item(r, in, "Original"),
			   .save = true };
	char *mail = run_letter(r, "Letter");

	demand_sent(phone_smart(r->p, cmd, &k, mail, strlen(mail)));
	free(mail);
	phone_sync_all(r->p, in);
	phone_sync_all(r->p, phone_need_type(r->p, 5));
}

static void
reply(struct run *r)
{
	smart(r, "SmartReply");
}

static void
forward(struct run *r)
{
	smart(r, "SmartForward");
}

/* ---- in doubt ----------------------------------------------------------*/

/* The process died at the final dot: nobody knows whether the mail left. */
static void
dead_at_the_dot(struct run *r)
{
	struct answer *a;
	char *mail;

	run_set_up(r);
	mail = run_letter(r, "Letter");
	r->p->again = NULL;
	run_arm_kill(r, "outbox.final-dot");
	a = phone_send(r->p, "doubt-1", true, mail, strlen(mail));
	if (a->status)
		run_failf("the daemon survived the final dot: HTTP %ld",
			  a->status);
	run_calm(r);
	run_patient(r);
	free(mail);
}

/* The repetition: no second sending, but one notice. */
static void
repeat_in_doubt(struct run *r)
{
	send_letter(r, "doubt-1", "Letter");
	phone_sync_all(r->p, phone_inbox(r->p));
}

int
main(void)
{
	static const struct scenario v[] = {
		{ .name = "send",
		  .prepare = run_set_up,
		  .act = send,
		  .mails = 1,
		  .doubt = true },
		{ .name = "send-two",
		  .prepare = run_set_up,
		  .act = send_two,
		  .mails = 2,
		  .doubt = true },
		{ .name = "reply",
		  .prepare = original,
		  .act = reply,
		  .mails = 1,
		  .doubt = true },
		{ .name = "forward",
		  .prepare = original,
		  .act = forward,
		  .mails = 1,
		  .doubt = true },
		{ .name = "in-doubt",
		  .prepare = dead_at_the_dot,
		  .act = repeat_in_doubt },
	};

	return faults_main("test_faults_send", v, sizeof(v) / sizeof(*v));
}
