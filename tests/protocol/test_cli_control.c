/* The administrator's orders, and what phones see of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/phone/cli.h"

#define CONF "-c easbridge.conf"

static struct harness h;

static int
up(void **state)
{
	(void)state;
	harness_up(&h, &(struct harness_options){ .name =
						   "test_cli_control" });
	return 0;
}

static int
down(void **state)
{
	(void)state;
	return harness_down(&h);
}

static json_t *
ask_json(const char *words)
{
	struct bytes out = { 0 };
	json_error_t e;
	json_t *o;

	if (cli_run(&h, &out, "%s --json " CONF, words) != 0)
		fail_msg("%s: %s", words, out.p);
	o = json_loads(out.p, JSON_DECODE_ANY, &e);
	if (!o)
		fail_msg("%s is no JSON: %s", words, out.p);
	bytes_free(&out);
	return o;
}

static const char *
standing(const char *device)
{
	static char text[32];
	char *words = bytes_format("device show %s %s", h.users[0].login,
				   device);
	json_t *o = ask_json(words);

	snprintf(text, sizeof(text), "%s", json_string_value(
			 json_object_get(o, "standing")));
	json_decref(o);
	free(words);
	return text;
}

/* An order that is obeyed. */
static void
order(const char *verb, const char *device, const char *more)
{
	struct bytes out = { 0 };

	if (cli_run(&h, &out, "device %s " CONF " %s %s %s", verb,
		    h.users[0].email, device, more) != 0)
		fail_msg("%s: %s", verb, out.p);
	text_has(&out, device);
	bytes_free(&out);
}

static void
status_and_users(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "ctlstatus");
	struct bytes out = { 0 };
	char path[2100];
	struct stat st;
	json_t *o;

	(void)state;
	(void)p;
	snprintf(path, sizeof(path), "%s/state/control", h.dir);
	assert_int_equal(stat(path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 0777, 0600);
	o = ask_json("status");
	assert_int_equal(json_integer_value(json_object_get(o, "pid")),
			 h.pid);
	assert_int_equal(json_integer_value(json_object_get(o, "users")),
			 h.n_users);
	json_decref(o);
	assert_int_equal(cli_run(&h, &out, "status " CONF), 0);
	text_has(&out, "phones waiting");
	assert_int_equal(cli_run(&h, &out, "users " CONF), 0);
	text_has(&out, h.users[0].email);
	text_has(&out, "1 mail, 0 dav");
	text_has(&out, "users.d/user2.conf");
	bytes_free(&out);
}

static void
devices_are_listed(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "ctllistone");
	struct phone *q = harness_ready_phone(&h, 1, "ctllisttwo");
	struct phone_folder *in = phone_inbox(p);
	struct bytes out = { 0 };
	struct running *r;

	(void)state;
	(void)q;
	assert_int_equal(cli_run(&h, &out, "devices " CONF), 0);
	text_has(&out, "ctllistone");
	text_has(&out, "ctllisttwo");
	assert_int_equal(cli_run(&h, &out, "devices " CONF " %s",
				 h.users[1].login), 0);
	text_has(&out, "ctllisttwo");
	text_has_not(&out, "ctllistone");
	/* As much of the id as only one has. */
	assert_int_equal(cli_run(&h, &out, "device show " CONF " %s ctllisto",
				 h.users[0].login), 0);
	text_has(&out, "ctllistone");
	text_has(&out, "14.1");
	text_has(&out, "does not wait");
	phone_sync_all(p, in);
	r = phone_ping_start(p, 120, &in, 1);
	harness_sleep(1000);
	assert_int_equal(cli_run(&h, &out, "device show " CONF
				 " %s ctllistone", h.users[0].login), 0);
	text_has(&out, "waits for news");
	running_abort(r);
	bytes_free(&out);
}

/* MS-ASCMD Status 129, and 403 where there was no such Status. A phone that
 * waits is told now, not at its next heartbeat. */
static void
blocked_and_allowed(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "ctlblock");
	struct phone_folder *in = phone_inbox(p);
	struct running *r;
	struct answer *a;

	(void)state;
	phone_sync_all(p, in);
	r = phone_ping_start(p, 120, &in, 1);
	harness_sleep(1000);
	order("block", "ctlblock", "");
	assert_string_equal(standing("ctlblock"), "blocked");
	a = running_wait(r, 5000);
	assert_non_null(a);
	answer_expect(a, "/Ping/Status", "129");
	a = phone_folder_sync(p);
	answer_expect(a, "/FolderSync/Status", "129");
	order("allow", "ctlblock", "");
	answer_expect(phone_folder_sync(p), "/FolderSync/Status", "1");
}

/* MS-ASPROV 3.2.5.1.2: told by 140 and in Provision; then shut out. */
static void
wiped_on_order_only(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "ctlwipe");
	struct bytes out = { 0 };
	struct answer *a;

	(void)state;
	assert_int_equal(cli_run(&h, &out, "device wipe " CONF
				 " %s ctlwipe </dev/null",
				 h.users[0].login), 2);
	text_has(&out, "--yes");
	answer_expect(phone_folder_sync(p), "/FolderSync/Status", "1");
	order("wipe", "ctlwipe", "--yes");
	assert_string_equal(standing("ctlwipe"), "wipe ordered");
	answer_expect(phone_folder_sync(p), "/FolderSync/Status", "140");
	a = phone_postf(p, "Provision", "<Provision/>");
	assert_true(answer_has(a, "/Provision/RemoteWipe"));
	assert_string_equal(standing("ctlwipe"), "wipe told");
	a = phone_postf(p, "Provision", "<Provision><RemoteWipe><Status>1"
			"</Status></RemoteWipe></Provision>");
	answer_expect(a, "/Provision/Status", "1");
	assert_string_equal(standing("ctlwipe"), "wiped");
	answer_expect(phone_folder_sync(p), "/FolderSync/Status", "129");
	order("allow", "ctlwipe", "");
	answer_expect(phone_folder_sync(p), "/FolderSync/Status", "1");
	bytes_free(&out);
}

/* MS-ASPROV 2.2.2.1 (16.1): this account alone; never told to a phone that
 * would take it for the other order. */
static void
the_account_alone_is_wiped(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "ctlacct");
	struct bytes out = { 0 };
	struct answer *a;

	(void)state;
	assert_int_not_equal(cli_run(&h, &out, "device wipe-account " CONF
				     " %s ctlacct", h.users[0].login), 0);
	text_has(&out, "14.1");
	p->version = "16.1";
	answer_expect(phone_folder_sync(p), "/FolderSync/Status", "1");
	order("wipe-account", "ctlacct", "");
	assert_string_equal(standing("ctlacct"), "account wipe ordered");
	p->version = "14.1";
	answer_expect(phone_folder_sync(p), "/FolderSync/Status", "129");
	a = phone_postf(p, "Provision", "<Provision/>");
	assert_false(answer_has(a, "/Provision/RemoteWipe"));
	p->version = "16.1";
	answer_expect(phone_folder_sync(p), "/FolderSync/Status", "140");
	a = phone_postf(p, "Provision", "<Provision/>");
	assert_true(answer_has(a, "/Provision/AccountOnlyRemoteWipe"));
	assert_false(answer_has(a, "/Provision/RemoteWipe"));
	a = phone_postf(p, "Provision", "<Provision><AccountOnlyRemoteWipe>"
			"<Status>1</Status></AccountOnlyRemoteWipe>"
			"</Provision>");
	answer_expect(a, "/Provision/Status", "1");
	assert_string_equal(standing("ctlacct"), "account wiped");
	answer_expect(phone_folder_sync(p), "/FolderSync/Status", "129");
	order("allow", "ctlacct", "");
	answer_expect(phone_folder_sync(p), "/FolderSync/Status", "1");
	bytes_free(&out);
}

/* As a phone does on Status 9. */
static void
start_over(struct phone *p)
{
	free(p->folder_key);
	p->folder_key = strdup("0");
	phone_set_up(p);
}

static void
forgotten(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "ctlforget");
	struct bytes out = { 0 };

	(void)state;
	order("forget", "ctlforget", "");
	assert_int_equal(cli_run(&h, &out, "devices " CONF " %s",
				 h.users[0].login), 0);
	text_has_not(&out, "ctlforget");
	start_over(p);
	assert_string_equal(standing("ctlforget"), "allowed");
	bytes_free(&out);
}

static void
traced(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "ctltrace");
	struct bytes out = { 0 };

	(void)state;
	order("trace", "ctltrace", "on");
	phone_sync_all(p, phone_inbox(p));
	assert_int_equal(cli_run(&h, &out, "trace state/trace/ctltrace"), 0);
	text_has(&out, "<Sync");
	order("trace", "ctltrace", "off");
	assert_int_equal(cli_run(&h, &out, "trace state/trace/ctltrace"), 1);
	assert_int_equal(cli_run(&h, &out, "device trace " CONF
				 " %s ctltrace maybe", h.users[0].login), 2);
	bytes_free(&out);
}

static void
mistakes_get_a_sentence(void **state)
{
	struct bytes out = { 0 };

	(void)state;
	harness_ready_phone(&h, 0, "ctltwina");
	harness_ready_phone(&h, 0, "ctltwinb");
	assert_int_equal(cli_run(&h, &out, "device show " CONF " %s ctltwin",
				 h.users[0].login), 1);
	text_has(&out, "2 phones");
	assert_int_equal(cli_run(&h, &out, "device block " CONF " %s none",
				 h.users[0].login), 1);
	text_has(&out, "easbridge devices");
	assert_int_equal(cli_run(&h, &out, "device " CONF), 2);
	text_has(&out, "usage: easbridge device wipe");
	assert_int_equal(cli_run(&h, &out, "status -c none.conf"), 2);
	text_has(&out, "none.conf");
	bytes_free(&out);
}

static void
talk(const char *question, struct bytes *out)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	char piece[4096];
	ssize_t n;

	assert_int_equal(chdir(h.dir), 0);
	snprintf(sa.sun_path, sizeof(sa.sun_path), "state/control");
	assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(chdir(h.root), 0);
	assert_true(write(fd, question, strlen(question)) >= 0);
	shutdown(fd, SHUT_WR);
	out->n = 0;
	bytes_put(out, "", 0);
	while ((n = read(fd, piece, sizeof(piece))) > 0)
		bytes_put(out, piece, (size_t)n);
	close(fd);
}

/* What no command of ours says. */
static void
nonsense_on_the_socket(void **state)
{
	struct bytes out = { 0 };

	(void)state;
	talk("nonsense\n", &out);
	text_has(&out, "\"ok\":false");
	talk("[1]\n", &out);
	text_has(&out, "\"ok\":false");
	talk("{\"do\":7}\n", &out);
	text_has(&out, "\"ok\":false");
	talk("{\"do\":\"device\",\"user\":[],\"device\":{},\"what\":\"x\"}\n",
	     &out);
	text_has(&out, "\"ok\":false");
	talk("", &out);
	assert_int_equal(out.n, 0);
	talk("{\"do\":\"status\"}\n", &out);
	text_has(&out, "\"ok\":true");
	bytes_free(&out);
}

/* Two on one state folder would tear it apart. */
static void
one_at_a_time(void **state)
{
	struct bytes out = { 0 };

	(void)state;
	assert_int_equal(cli_run(&h, &out, "serve " CONF), 1);
	text_has(&out, "another easbridge serves");
	assert_int_equal(cli_run(&h, &out, "status " CONF), 0);
	harness_kill(&h);
	assert_int_equal(cli_run(&h, &out, "status " CONF), 3);
	text_has(&out, "no easbridge answers");
	/* What the dead one left is no hindrance. */
	assert_true(harness_start(&h));
	assert_int_equal(cli_run(&h, &out, "status " CONF), 0);
	bytes_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_and_users),
		cmocka_unit_test(devices_are_listed),
		cmocka_unit_test(blocked_and_allowed),
		cmocka_unit_test(wiped_on_order_only),
		cmocka_unit_test(the_account_alone_is_wiped),
		cmocka_unit_test(forgotten),
		cmocka_unit_test(traced),
		cmocka_unit_test(mistakes_get_a_sentence),
		cmocka_unit_test(nonsense_on_the_socket),
		cmocka_unit_test(one_at_a_time),
	};

	return cmocka_run_group_tests(tests, up, down);
}
