/* The commands of the program besides serve. Each returns the exit code. */
#ifndef GATEWAY_CLI_H
#define GATEWAY_CLI_H

int cli_check_config(const char *file);
int cli_help_config(void);
int cli_trace(const char *path); /* a WBXML file, or a folder of dumps */
int cli_version(void);
int cli_usage(int code);

#endif
