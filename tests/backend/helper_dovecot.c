#include "tests/backend/helper_dovecot.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static const char certs[] =
	"cd %s && openssl ecparam -name prime256v1 -genkey -noout -out ca.key && "
	"openssl req -x509 -new -key ca.key -days 30 -subj '/CN=Test CA' "
	"-addext basicConstraints=critical,CA:TRUE "
	"-addext keyUsage=critical,keyCertSign,cRLSign -out ca.pem && "
	"openssl ecparam -name prime256v1 -genkey -noout -out o.key && "
	"openssl req -x509 -new -key o.key -days 30 -subj '/CN=Other CA' "
	"-addext basicConstraints=critical,CA:TRUE -out other.pem && "
	"openssl ecparam -name prime256v1 -genkey -noout -out srv.key && "
	"openssl req -new -key srv.key -subj /CN=localhost -out srv.csr && "
	"printf 'subjectAltName=DNS:localhost\\nextendedKeyUsage=serverAuth\\n"
	"basicConstraints=CA:FALSE\\n' > ext && "
	"openssl x509 -req -in srv.csr -CA ca.pem -CAkey ca.key "
	"-CAcreateserial -days 30 -extfile ext -out srv.pem && "
	"cat srv.pem ca.pem > chain.pem && chmod 644 srv.key chain.pem";

static const char conf[] =
	"base_dir = %1$s/run\nstate_dir = %1$s/state\n"
	"instance_name = eastest\nlog_path = %1$s/log\nprotocols = imap\n"
	"listen = 127.0.0.1\nshutdown_clients = yes\n"
	"default_internal_user = %2$s\ndefault_internal_group = %3$s\n"
	"default_login_user = %4$s\nfirst_valid_uid = 1\nmail_uid = %2$s\n"
	"mail_gid = %3$s\ndefault_vsz_limit = 1G\n"
	"default_client_limit = 4000\nmail_location = maildir:~/Maildir\n"
	"mail_home = %1$s/mail/%%n\nmail_plugins = quota\n"
	"mail_max_userip_connections = 1000\nmailbox_list_index = yes\n"
	"ssl = yes\nssl_cert = <%1$s/chain.pem\nssl_key = <%1$s/srv.key\n"
	"disable_plaintext_auth = no\nauth_mechanisms = plain login\n"
	"auth_failure_delay = 0\n"
	"passdb {\n driver = passwd-file\n"
	" args = scheme=PLAIN username_format=%%n %1$s/users\n}\n"
	"userdb {\n driver = passwd-file\n"
	" args = username_format=%%n %1$s/users\n}\n"
	"namespace inbox {\n inbox = yes\n separator = /\n"
	" mailbox Drafts {\n auto = subscribe\n special_use = \\Drafts\n }\n"
	" mailbox Sent {\n auto = subscribe\n special_use = \\Sent\n }\n"
	" mailbox Trash {\n auto = subscribe\n special_use = \\Trash\n }\n}\n"
	"plugin {\n quota = count:User quota\n"
	" quota_rule = *:storage=400M\n quota_vsizes = yes\n}\n"
	"service anvil {\n chroot =\n unix_listener anvil-auth-penalty {\n"
	" mode = 0\n }\n}\n"
	"service imap-login {\n chroot =\n service_count = 0\n"
	" inet_listener imap {\n port = %5$u\n }\n"
	" inet_listener imaps {\n port = %6$u\n ssl = yes\n }\n}\n"
	"service imap {\n process_limit = 2000\n}\n"
	"service stats {\n chroot =\n}\n";

/* Dovecot 2.4 wants the same in other words; %7$s is its version. */
static const char conf_24[] =
	"dovecot_config_version = %7$s\ndovecot_storage_version = %7$s\n"
	"base_dir = %1$s/run\nstate_dir = %1$s/state\n"
	"instance_name = eastest\nlog_path = %1$s/log\nprotocols = imap\n"
	"listen = 127.0.0.1\nshutdown_clients = yes\n"
	"default_internal_user = %2$s\ndefault_internal_group = %3$s\n"
	"default_login_user = %4$s\nfirst_valid_uid = 1\nmail_uid = %2$s\n"
	"mail_gid = %3$s\ndefault_vsz_limit = 1G\n"
	"default_client_limit = 4000\nmail_driver = maildir\n"
	"mail_path = ~/Maildir\n"
	"mail_home = %1$s/mail/%%{user | username}\n"
	"mail_plugins {\n quota = yes\n}\n"
	"mail_max_userip_connections = 1000\nmailbox_list_index = yes\n"
	"ssl = yes\nssl_server_cert_file = %1$s/chain.pem\nssl_server_key_file = %1$s/srv.key\n"
	"auth_allow_cleartext = yes\nauth_mechanisms = plain login\n"
	"auth_failure_delay = 0\n"
	"passdb passwd-file {\n default_password_scheme = PLAIN\n"
	" passwd_file_path = %1$s/users\n}\n"
	"userdb passwd-file {\n passwd_file_path = %1$s/users\n}\n"
	"namespace inbox {\n inbox = yes\n separator = /\n"
	" mailbox Drafts {\n auto = subscribe\n special_use = \\Drafts\n }\n"
	" mailbox Sent {\n auto = subscribe\n special_use = \\Sent\n }\n"
	" mailbox Trash {\n auto = subscribe\n special_use = \\Trash\n }\n}\n"
	"quota user {\n quota_storage_size = 400M\n}\n"
	"service anvil {\n chroot =\n unix_listener anvil-auth-penalty {\n"
	" mode = 0\n }\n}\n"
	"service imap-login {\n chroot =\n restart_request_count = unlimited\n"
	" inet_listener imap {\n port = %5$u\n }\n"
	" inet_listener imaps {\n port = %6$u\n ssl = yes\n }\n}\n"
	"service imap {\n process_limit = 2000\n}\n"
	"service stats {\n chroot =\n}\n";

bool
dovecot_there(void)
{
	return !access("/usr/sbin/dovecot", X_OK);
}

unsigned
free_port(void)
{
	struct sockaddr_in sa = { .sin_family = AF_INET };
	socklen_t n = sizeof(sa);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)&sa, n) ||
	    getsockname(fd, (struct sockaddr *)&sa, &n))
		abort();
	close(fd);
	return ntohs(sa.sin_port);
}

static bool
run(const char *cmd)
{
	return system(cmd) == 0;
}

/* "2.4.1" of "2.4.1-4 (7d8c0e5759)". */
static bool
read_version(char *version, size_t room)
{
	FILE *f = popen("dovecot --version", "r");
	bool ok = f && fgets(version, (int)room, f);

	if (f)
		pclose(f);
	version[ok ? strspn(version, "0123456789.") : 0] = '\0';
	return ok && *version;
}

static bool
write_conf(const struct dovecot *d)
{
	char version[64];
	bool root = geteuid() == 0;
	struct passwd *pw = root ? NULL : getpwuid(geteuid());
	const char *me = pw ? pw->pw_name : "dovecot";
	char path[128];
	unsigned major = 0, minor = 0;
	FILE *f;
	bool new;
	int i;

	if (!read_version(version, sizeof(version)) ||
	    sscanf(version, "%u.%u", &major, &minor) != 2)
		return false;
	new = major > 2 || (major == 2 && minor >= 4);
	snprintf(path, sizeof(path), "%s/users", d->dir);
	f = fopen(path, "w");
	if (!f)
		return false;
	for (i = 1; i < 10; i++)
		fprintf(f, "user%d:{PLAIN}pass%d::::::%s\n", i, i,
			i != 9 ? "" :
			new ? "userdb_quota/user/storage_size=20K" :
			      "userdb_quota_rule=*:storage=20K");
	fclose(f);
	snprintf(path, sizeof(path), "%s/conf", d->dir);
	f = fopen(path, "w");
	if (!f)
		return false;
	if (new)
		fprintf(f, conf_24, d->dir, me, root ? "dovecot" : me,
			root ? "dovenull" : me, d->imap, d->imaps, version);
	else
		fprintf(f, conf, d->dir, me, root ? "dovecot" : me,
			root ? "dovenull" : me, d->imap, d->imaps);
	return fclose(f) == 0;
}

static bool
wait_port(unsigned port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)port) };
	int i;

	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (i = 0; i < 500; i++) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);
		bool up = !connect(fd, (struct sockaddr *)&sa, sizeof(sa));

		close(fd);
		if (up)
			return true;
		usleep(20000);
	}
	return false;
}

bool
dovecot_up(struct dovecot *d)
{
	char cmd[2048];

	memset(d, 0, sizeof(*d));
	snprintf(d->dir, sizeof(d->dir), "/tmp/eas-dovecot-XXXXXX");
	if (!mkdtemp(d->dir))
		return false;
	chmod(d->dir, 0755);
	snprintf(d->ca, sizeof(d->ca), "%s/ca.pem", d->dir);
	snprintf(d->other_ca, sizeof(d->other_ca), "%s/other.pem", d->dir);
	d->imap = free_port();
	d->imaps = free_port();
	snprintf(cmd, sizeof(cmd), "(");
	snprintf(cmd + 1, sizeof(cmd) - 1, certs, d->dir);
	strcat(cmd, ") >/dev/null 2>&1");
	if (!run(cmd + 0) || !write_conf(d))
		return false;
	snprintf(cmd, sizeof(cmd),
		 "mkdir -p %1$s/run %1$s/state %1$s/mail && touch %1$s/log && "
		 "{ [ $(id -u) != 0 ] || chown -R dovecot %1$s/mail %1$s/log; } "
		 "&& dovecot -c %1$s/conf",
		 d->dir);
	return run(cmd) && wait_port(d->imap);
}

void
dovecot_down(struct dovecot *d)
{
	char path[128], cmd[160];
	int pid = 0, i;
	FILE *f;

	snprintf(path, sizeof(path), "%s/run/master.pid", d->dir);
	f = fopen(path, "r");
	if (f && fscanf(f, "%d", &pid) == 1 && pid > 1) {
		kill(pid, SIGTERM);
		for (i = 0; i < 250 && !kill(pid, 0); i++)
			usleep(20000);
	}
	if (f)
		fclose(f);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", d->dir);
	run(cmd);
}
