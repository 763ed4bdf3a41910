/* The snippets of docs/proxies.md in front of the daemon: taken out of that
 * page, with only port, certificate and (for the counter-check) the waiting
 * time replaced. TLS is left out: it is the proxies' own business. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/phone/harness.h"

#define BIG (3 * 1024 * 1024) /* nginx refuses over 1 MB unless told */

static struct harness h;
static pid_t running; /* the proxy of the present test */

static int
up(void **state)
{
	(void)state;
	harness_up(&h, &(struct harness_options){ .name = "test_proxies" });
	return 0;
}

static int
down(void **state)
{
	(void)state;
	/* A test that failed left it; who changes his user, as Apache, is
	 * not told that his parent has died. */
	if (running > 0)
		kill(running, SIGKILL);
	return harness_down(&h);
}

/* ---- snippets ----------------------------------------------------------*/

/* What stands in the page's frame of this language; caller frees. */
static char *
snippet(const char *language)
{
	char *mark = bytes_format("```%s\n", language);
	struct bytes page = { 0 };
	const char *from, *to;
	char *out;

	assert_true(harness_read(&h, "docs/proxies.md", &page));
	from = strstr(page.p, mark);
	assert_non_null(from);
	from += strlen(mark);
	to = strstr(from, "```");
	assert_non_null(to);
	out = bytes_format("%.*s", (int)(to - from), from);
	bytes_free(&page);
	free(mark);
	return out;
}

/* Every `what` in *text by `with`; it must be there. */
static void
swap(char **text, const char *what, const char *with)
{
	struct bytes out = { 0 };
	const char *at = *text, *hit;

	assert_non_null(strstr(at, what));
	for (; (hit = strstr(at, what)); at = hit + strlen(what)) {
		bytes_put(&out, at, (size_t)(hit - at));
		bytes_str(&out, with);
	}
	bytes_str(&out, at);
	free(*text);
	*text = out.p;
}

static void
swap_free(char **text, const char *what, char *with)
{
	swap(text, what, with);
	free(with);
}

/* The line that begins with `start` goes. */
static void
drop_line(char **text, const char *start)
{
	char *at = strstr(*text, start), *end;

	assert_non_null(at);
	end = strchr(at, '\n');
	assert_non_null(end);
	memmove(at, end, strlen(end) + 1);
}

/* ---- proxies -----------------------------------------------------------*/

struct proxy {
	pid_t pid;
	int port;
	char url[64];
};

static int
free_port(void)
{
	struct sockaddr_in sa = { .sin_family = AF_INET };
	socklen_t n = sizeof(sa);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, n), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &n), 0);
	close(fd);
	return ntohs(sa.sin_port);
}

static bool
answers(int port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	bool up_now;

	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	up_now = connect(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0;
	close(fd);
	return up_now;
}

static const char *
program(const char *name)
{
	static const char *const places[] = { "/usr/sbin", "/usr/bin",
					      "/usr/local/bin" };
	static char path[64];
	size_t i;

	for (i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", places[i], name);
		if (access(path, X_OK) == 0)
			return path;
	}
	return NULL;
}

static void
write_conf(const char *name, const char *text)
{
	char *path = bytes_format("%s/%s", h.dir, name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
	free(path);
}

static void
be_proxy(char *const *argv)
{
	int fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (chdir(h.dir))
		_exit(97);
	fd = open("proxy.log", O_WRONLY | O_CREAT | O_APPEND, 0644);
	dup2(fd, 1);
	dup2(fd, 2);
	setenv("HOME", h.dir, 1);
	unsetenv("XDG_DATA_HOME");
	unsetenv("XDG_CONFIG_HOME");
	execv(argv[0], argv);
	_exit(98);
}

static struct proxy
start(int port, const char *path, ...)
{
	struct proxy p = { .port = port };
	char *argv[10] = { strdup(path) };
	va_list ap;
	int i = 1, n;

	va_start(ap, path);
	while (i < 9 && (argv[i] = va_arg(ap, char *)))
		i++;
	va_end(ap);
	p.pid = fork();
	if (p.pid == 0)
		be_proxy(argv);
	free(argv[0]);
	running = p.pid;
	for (n = 0; n < 1000 && !answers(port); n++) {
		if (waitpid(p.pid, NULL, WNOHANG) == p.pid)
			fail_msg("%s ended: see %s/proxy.log", path, h.dir);
		harness_sleep(10);
	}
	assert_true(n < 1000);
	snprintf(p.url, sizeof(p.url), "http://127.0.0.1:%d", port);
	return p;
}

static void
stop(struct proxy *p)
{
	kill(p->pid, SIGTERM);
	harness_sleep(50);
	kill(p->pid, SIGKILL);
	waitpid(p->pid, NULL, 0);
	running = 0;
}

static void
aim(char **conf)
{
	swap_free(conf, "127.0.0.1:8080",
		  bytes_format("127.0.0.1:%d", h.port));
}

/* wait NULL: as in the page. One process: workers would outlive a master
 * that is killed because its test failed. */
static struct proxy
nginx(const char *wait)
{
	int port = free_port();
	char *conf = snippet("nginx"), *whole;

	aim(&conf);
	swap_free(&conf, "listen 443 ssl",
		  bytes_format("listen 127.0.0.1:%d", port));
	drop_line(&conf, "ssl_certificate ");
	drop_line(&conf, "ssl_certificate_key ");
	if (wait)
		swap(&conf, "3600s", wait);
	whole = bytes_format(
		"daemon off;\nmaster_process off;\npid nginx.pid;\nerror_log stderr;\n%s"
		"events {}\nhttp {\naccess_log off;\n"
		"client_body_temp_path t1;\nproxy_temp_path t2;\n"
		"fastcgi_temp_path t3;\nuwsgi_temp_path t4;\n"
		"scgi_temp_path t5;\n%s}\n",
		geteuid() == 0 ? "user root;\n" : "", conf);
	write_conf("nginx.conf", whole);
	free(conf);
	free(whole);
	return start(port, program("nginx"), "-e", "stderr", "-p", h.dir, "-c",
		     "nginx.conf", NULL);
}

static struct proxy
haproxy(const char *wait)
{
	int port = free_port();
	char *conf = snippet("haproxy");

	aim(&conf);
	swap_free(&conf, "bind :443 ssl crt /etc/haproxy/mail.example.org.pem",
		  bytes_format("bind 127.0.0.1:%d", port));
	if (wait)
		swap(&conf, "3600s", wait);
	write_conf("haproxy.conf", conf);
	free(conf);
	return start(port, program("haproxy"), "-db", "-f", "haproxy.conf",
		     NULL);
}

static struct proxy
caddy(const char *wait)
{
	int port = free_port();
	char *conf = snippet("caddy"), *whole;

	(void)wait;
	aim(&conf);
	swap_free(&conf, "mail.example.org, autodiscover.example.org",
		  bytes_format("http://127.0.0.1:%d", port));
	whole = bytes_format("{\n admin off\n auto_https off\n}\n%s", conf);
	write_conf("Caddyfile", whole);
	free(conf);
	free(whole);
	return start(port, program("caddy"), "run", "--adapter", "caddyfile",
		     "--config", "Caddyfile", NULL);
}

/* One process, as its user does not matter here. */
static struct proxy
apache2(const char *wait)
{
	static const char *const modules[] = {
		"mpm_event", "authz_core", "headers", "proxy", "proxy_http",
		"reqtimeout" };
	struct bytes load = { 0 };
	struct proxy proxy;
	int port = free_port();
	char *conf = snippet("apache"), *whole, *line;
	size_t i;

	aim(&conf);
	swap_free(&conf, "*:443", bytes_format("127.0.0.1:%d", port));
	drop_line(&conf, "SSLEngine");
	drop_line(&conf, "SSLCertificateFile");
	drop_line(&conf, "SSLCertificateKeyFile");
	if (wait)
		swap(&conf, "timeout=3600", wait);
	for (i = 0; i < sizeof(modules) / sizeof(modules[0]); i++) {
		line = bytes_format("LoadModule %s_module /usr/lib/apache2/"
				    "modules/mod_%s.so\n", modules[i],
				    modules[i]);
		bytes_str(&load, line);
		free(line);
	}
	whole = bytes_format("ServerRoot %s\nServerName localhost\nPidFile "
			     "%s/apache.pid\nErrorLog /dev/stderr\n"
			     "DefaultRuntimeDir %s\nUser nobody\nGroup nogroup\n"
			     "Listen 127.0.0.1:%d\n%s%s", h.dir, h.dir, h.dir,
			     port, load.p, conf);
	write_conf("apache.conf", whole);
	bytes_free(&load);
	free(conf);
	free(whole);
	line = bytes_format("%s/apache.conf", h.dir);
	proxy = start(port, program("apache2"), "-X", "-f", line, NULL);
	free(line);
	return proxy;
}

/* ---- what must work ----------------------------------------------------*/

static void
discover(struct phone *p, const char *base, const char *path, const char *want)
{
	static const char *const headers[] = { "Content-Type: text/xml",
					       NULL };
	char *xml = bytes_format(
		"<Autodiscover xmlns=\"http://schemas.microsoft.com/exchange/"
		"autodiscover/mobilesync/requestschema/2006\"><Request>"
		"<EMailAddress>%s</EMailAddress><AcceptableResponseSchema>"
		"http://schemas.microsoft.com/exchange/autodiscover/mobilesync"
		"/responseschema/2006</AcceptableResponseSchema></Request>"
		"</Autodiscover>", h.users[0].email);
	char *url = bytes_format("%s%s", base, path);
	struct answer *a;

	a = phone_ask(p, &(struct ask){ .url = url, .raw = xml,
					.n_raw = strlen(xml),
					.headers = headers,
					.content_type = "text/xml",
					.unchecked = true });
	assert_int_equal(a->status, 200);
	if (!a->raw || !strstr(a->raw, want))
		fail_msg("no %s in %s", want, a->raw ? a->raw : "nothing");
	free(url);
	free(xml);
}

static void
send_big(struct phone *p, const char *id)
{
	struct bytes mail = { 0 };
	size_t before = sink_count(&h);
	struct answer *a;

	bytes_str(&mail, "From: user1@example.test\r\n"
			 "To: outside@example.com\r\nSubject: big\r\n\r\n");
	while (mail.n < BIG)
		bytes_str(&mail, "0123456789012345678901234567890123456789\r\n");
	a = phone_send(p, id, false, mail.p, mail.n);
	if (a->status != 200)
		fail_msg("SendMail of 3 MB: HTTP %ld", a->status);
	assert_int_equal(a->n_raw, 0);
	assert_true(sink_wait(&h, before + 1, 10000) > before);
	bytes_free(&mail);
}

/* A phone that hangs up while it waits is forgotten at once: the proxy must
 * pass that on, or rows pile up for an hour. */
static void
leaves(struct phone *p, struct phone_folder *f)
{
	int before = harness_log_count(&h, "cmd=Ping");
	struct running *r = phone_ping_start(p, 60, &f, 1);
	int n;

	harness_sleep(1000);
	assert_int_equal(harness_log_count(&h, "cmd=Ping"), before);
	running_abort(r);
	for (n = 0; n < 50; n++) {
		if (harness_log_count(&h, "cmd=Ping") > before)
			return;
		harness_sleep(100);
	}
	fail_msg("the gateway still waits for a phone that is gone");
}

/* Set up, wait five seconds, be woken, send. url_is: how the URL begins that
 * Autodiscover tells. */
static void
works(struct proxy *proxy, const char *device, const char *url_is,
      bool tells_hangups)
{
	struct phone *p = harness_phone(&h, 0, device);
	struct phone_folder *f;
	struct running *r;
	struct answer *a;

	phone_set_url(p, proxy->url);
	discover(p, proxy->url, "/autodiscover/autodiscover.xml", url_is);
	discover(p, proxy->url, "/Autodiscover/Autodiscover.xml", url_is);
	phone_set_up(p);
	f = phone_inbox(p);
	phone_sync_all(p, f);
	r = phone_ping_start(p, 60, &f, 1);
	harness_sleep(5000);
	assert_false(running_done(r));
	lmtp_plain(&h, 0, "rings through the proxy");
	a = running_wait(r, 10000);
	assert_non_null(a);
	assert_int_equal(a->status, 200);
	answer_expect(a, "/Ping/Status", "2");
	/* The administrator's way to see it, docs/proxies.md. (Dovecot and a
	 * busy machine add to the five.) */
	assert_true(harness_log_count(&h, "status=2 ms=") >= 1);
	assert_true(harness_log_count(&h, " waited=5s") +
			    harness_log_count(&h, " waited=6s") +
			    harness_log_count(&h, " waited=7s") +
			    harness_log_count(&h, " waited=8s") >= 1);
	assert_true(phone_sync_all(p, f).adds >= 1);
	send_big(p, device);
	if (tells_hangups)
		leaves(p, f);
}

/* With two seconds in place of the page's hour the waiting phone is cut:
 * so it is that line which lets phones wait. */
static void
cuts(struct proxy *proxy, const char *device)
{
	struct phone *p = harness_phone(&h, 0, device);
	struct phone_folder *f;
	struct running *r;
	struct answer *a;

	phone_set_url(p, proxy->url);
	phone_set_up(p);
	f = phone_inbox(p);
	phone_sync_all(p, f);
	p->unchecked = true; /* an error page of the proxy is no ActiveSync */
	r = phone_ping_start(p, 60, &f, 1);
	a = running_wait(r, 10000);
	assert_non_null(a);
	/* Apache says that its gateway is bad. */
	assert_true(a->status == 504 || a->status == 502);
	assert_true(a->done_ms - a->sent_ms > 1500);
}

static void
through(const char *name, struct proxy (*begin)(const char *),
	const char *scheme, bool has_limit)
{
	struct proxy proxy;
	char device[32], url_is[64];

	if (!program(name)) {
		print_message("%s is not installed; skipped\n", name);
		skip();
	}
	proxy = begin(NULL);
	snprintf(device, sizeof(device), "long%s", name);
	snprintf(url_is, sizeof(url_is), "<Url>%s://127.0.0.1", scheme);
	works(&proxy, device, url_is, strcmp(name, "apache2") != 0);
	stop(&proxy);
	if (!has_limit)
		return;
	proxy = begin(strcmp(name, "apache2") ? "2s" : "timeout=2");
	snprintf(device, sizeof(device), "short%s", name);
	cuts(&proxy, device);
	stop(&proxy);
}

static void
through_nginx(void **state)
{
	(void)state;
	through("nginx", nginx, "https", true);
}

static void
through_haproxy(void **state)
{
	(void)state;
	through("haproxy", haproxy, "https", true);
}

static void
through_apache(void **state)
{
	(void)state;
	through("apache2", apache2, "https", true);
}

static void
through_caddy(void **state)
{
	(void)state;
	/* Caddy tells the scheme it was asked with: here none with TLS. */
	through("caddy", caddy, "http", false);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(through_nginx),
		cmocka_unit_test(through_haproxy),
		cmocka_unit_test(through_apache),
		cmocka_unit_test(through_caddy),
	};

	return cmocka_run_group_tests(tests, up, down);
}
