/* Every command, once. Lines of help are at most 76 wide; examples begin
 * with two blanks. */
#include "gateway/cli.h"

const struct cli_command cli_commands[] = {
	{ "serve", "", 0, 0, CLI_CONF, cli_serve,
	  "Run the gateway.",
	  "Runs in the foreground and logs to standard error. SIGHUP reads\n"
	  "configuration and certificates again, SIGTERM stops.\n"
	  "\n"
	  "  easbridge serve -c /etc/easbridge/easbridge.conf\n" },
	{ "password add", "USER NAME", 2, 2, CLI_CONF | CLI_JSON,
	  cli_password_add,
	  "Make a password for one phone and print it, once.",
	  "USER is a login of a user file, NAME what you call the phone. Type\n"
	  "the password into that phone alone; with it easbridge logs in at\n"
	  "the servers by the passwords of the user file, which the phone\n"
	  "never sees. It is kept as an Argon2id hash, works at once, and\n"
	  "revoking it locks out that phone alone.\n"
	  "\n"
	  "  easbridge password add alice \"Alice's iPhone\"\n"
	  "  easbridge password list\n"
	  "  easbridge password revoke alice \"Alice's iPhone\"\n" },
	{ "password list", "[USER]", 0, 1, CLI_CONF | CLI_JSON,
	  cli_password_list,
	  "Which phones have a password of their own.",
	  "  easbridge password list\n"
	  "  easbridge password list alice --json\n" },
	{ "password revoke", "USER NAME", 2, 2, CLI_CONF,
	  cli_password_revoke,
	  "Take the password of one phone back, at once.",
	  "A request that waits already (push) may still be answered; the\n"
	  "next one is not.\n"
	  "\n"
	  "  easbridge password revoke alice \"Alice's iPhone\"\n" },
	{ "check-config", "", 0, 0, CLI_CONF, cli_check_config,
	  "Look for mistakes in the configuration.",
	  "Names file, line and remedy of every mistake; 1 if there are any.\n"
	  "\n"
	  "  easbridge check-config\n" },
	{ "help-config", "", 0, 0, 0, cli_help_config,
	  "All settings, as a file to start from.",
	  "  easbridge help-config | less\n" },
	{ "trace", "FILE|FOLDER", 1, 1, CLI_UNMASKED, cli_trace,
	  "Print WBXML files, or what STATE/trace/DEVICE holds.",
	  "While the folder STATE/trace/DEVICE exists, easbridge writes the\n"
	  "documents of that phone into it, with private contents masked.\n"
	  "\n"
	  "  easbridge trace /var/lib/easbridge/trace/androidc123\n" },
	{ "completion", "bash", 1, 1, 0, cli_completion,
	  "Completion of these commands for a shell.",
	  "  easbridge completion bash >\n"
	  "      /usr/share/bash-completion/completions/easbridge\n" },
	{ "help-manual", "", 0, 0, 0, cli_manual,
	  "The manual page's part about the commands (groff).",
	  "  easbridge help-manual | groff -man -Tutf8\n" },
	{ "help", "[COMMAND]", 0, 2, 0, cli_help,
	  "All commands, or one of them explained.",
	  "  easbridge help password add\n" },
	{ "version", "", 0, 0, 0, cli_version, "Which version this is.",
	  "  easbridge version\n" },
	{ .words = NULL }
};
