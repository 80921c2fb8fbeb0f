//! The attributes themselves, in the order in which people look for them.

use super::Standing::{Honoured, Moot, Silent, Unserved};
use super::{Attribute, Kind};

/// A row for each attribute: its name, PM2's other names for it, what it may hold, whether it does
/// something, what it is for.
macro_rules! attributes {
    ($($name:literal [$($alias:literal),*] $kind:ident $standing:expr => $about:literal;)*) => {
        /// Every attribute of an app.
        pub(crate) static ATTRIBUTES: &[Attribute] = &[$(Attribute {
            name: $name,
            aliases: &[$($alias),*],
            kind: Kind::$kind,
            standing: $standing,
            about: $about,
        }),*];
    };
}

attributes! {
    "script" ["exec", "cmd", "command"] Command Honoured =>
        "The program to run: a file, relative to `cwd`; else a program in PATH; else a \
         command line for the shell.";
    "name" [] Name Honoured =>
        "The name of the app, unique in the fleet; by default the script's without its ending.";
    "namespace" [] Name Honoured => "A group that can be named wherever an app can.";
    "cwd" [] Path Honoured =>
        "The working folder, relative to the folder in which the command was typed.";
    "args" [] List Honoured =>
        "Arguments to the script: a list, or one text that is split at blanks.";
    "interpreter" ["exec_interpreter"] Text Honoured =>
        "Who runs the script, by default chosen by its ending; `none`: it runs itself.";
    "interpreter_args" ["node_args"] List Honoured =>
        "Arguments to the interpreter, before the script.";
    "exec_mode" [] Mode Honoured => "`fork` or `cluster`. Both run the app's own interpreter.";
    "execute_command" [] Bool Honoured => "True: `exec_mode` is `fork`, whatever else is said.";
    "instances" [] Instances Honoured =>
        "How many runs of the app there are: a number, `max` for one a processor, or a \
         negative number for so many fewer.";
    "env" [] Env Honoured => "Variables of its environment, laid over the caller's.";
    "env_file" [] Paths Honoured =>
        "One or several `.env` files, relative to `cwd`; `env` is laid over them.";
    "filter_env" [] Filter Honoured =>
        "Variables of the caller that it does not get: parts of their names in a list, the \
         exact name of one as text, or true for all.";
    "append_env_to_name" [] Bool Honoured => "True: with `--env x` the name ends in `-x`.";
    "port" [] Port Honoured => "Sets `PORT` in its environment.";
    "increment_var" [] Variable Honoured => "The variable that is one higher in each instance.";
    "instance_var" [] Variable Honoured =>
        "The variable that tells an instance its number; by default `NODE_APP_INSTANCE`.";
    "out_file" ["out", "output", "out_log"] Text Honoured =>
        "The file for its standard output; `NULL` or `/dev/null`: none.";
    "error_file" ["error", "err", "err_file", "err_log"] Text Honoured =>
        "The file for its standard error; `NULL` or `/dev/null`: none.";
    "log_file" ["log"] TextOrBool Honoured =>
        "A file for both together, besides; true: one in the folder for logs.";
    "pid_file" ["pid"] Path Honoured =>
        "Its pid file; the id of the instance is put before the ending.";
    "merge_logs" ["combine_logs"] Bool Honoured =>
        "True: all instances write to the same files; by default so if there is only one.";
    "disable_logs" [] Bool Honoured => "True: its output goes nowhere.";
    "log_type" [] LogType Unserved => "`raw` or `json`: how lines are written.";
    "log_date_format" [] Text Honoured =>
        "The pattern of the date before each line, as `YYYY-MM-DD HH:mm:ss Z`.";
    "time" [] Bool Honoured => "True: lines are dated as `YYYY-MM-DDTHH:mm:ss`.";
    "autostart" [] Bool Honoured => "False: the app is registered and waits for a `start`.";
    "autorestart" [] Bool Honoured => "False: it is not started again when it ends.";
    "stop_exit_codes" [] Codes Honoured => "Exit codes after which it is not started again.";
    "min_uptime" [] Span Honoured =>
        "A run that lived at least this long was stable; by default 1s.";
    "max_restarts" [] Count Honoured =>
        "How many deaths before `min_uptime` make it give up; by default 16.";
    "restart_delay" [] Span Honoured => "How long to wait before it is started again.";
    "exp_backoff_restart_delay" [] Span Honoured =>
        "How long to wait before it is started again: at first; then ever longer, up to 15s.";
    "max_memory_restart" [] Bytes Unserved => "Restart it when it uses more memory than this.";
    "cron_restart" ["cron"] Cron Unserved => "Restart it at these times.";
    "kill_timeout" [] Span Honoured =>
        "How long it may take to end before it is killed; by default 1600ms.";
    "kill_signal" [] Signal Honoured => "The signal that asks it to end; by default SIGINT.";
    "kill_retry_time" [] Span Moot("the end of a process is noticed at once") =>
        "How often to look whether it has ended.";
    "shutdown_with_message" [] Bool Unserved => "Ask it to end by a message on its Node channel.";
    "treekill" [] Bool Honoured => "False: signals reach the program itself, not what it started.";
    "wait_ready" [] Bool Honoured => "True: it is ready when it says so.";
    "listen_timeout" [] Span Honoured => "How long it may take to become ready; by default 10s.";
    "handover" [] Handover Honoured =>
        "How a reload replaces it: `overlap`, the successor starts beside it if it listens; `queue`, \
         never two at once, clients wait meanwhile; `off`, stopped, then started; by default `auto`, \
         the same as `overlap`.";
    "reload_check" [] UrlPath Honoured =>
        "A path, as `/health`, that a successor must answer with a status from 200 to 399 before \
         clients reach it.";
    "reload_batch" [] Batch Honoured =>
        "How many of its instances a reload replaces at once; by default 1.";
    "handover_settle" [] Settle Honoured =>
        "How long connections that are being made at a hand-over may take to be seen; by default \
         100ms, at most 1m.";
    "drain_timeout" [] Span Honoured =>
        "How long what a replaced run has begun may take, where its successor serves already; later \
         is cut, and counted; by default 30s.";
    "drain_idle" [] Silence Honoured =>
        "How long a connection must be silent until it counts as idle, where nothing is known of \
         it: longer than any request takes; by default 5s, at least 100ms.";
    "queue_pause" [] Span Honoured =>
        "How long clients may wait for requests in flight, where the old run must end first; by \
         default 5s.";
    "hold_timeout" [] Span Honoured =>
        "How long clients may wait while no run serves, because it died or makes way for the next, \
         until they are refused; by default 30s.";
    "keepalive" [] KeepAlive Honoured =>
        "`adopt`: the daemon keeps idle connections of a replaced run open; `close`: they end with \
         it; by default `adopt`.";
    "backlog" [] Backlog Honoured =>
        "How many connections may wait to be accepted: `max`, as many as the kernel allows; `app`, \
         as many as the app asks for; by default `max`.";
    "no_new_privs" [] NoNewPrivs Honoured =>
        "Whether the app may be forbidden to gain privileges, as by sudo: `auto`, where the daemon \
         is not root; `never`, which leaves only restarts there; by default `auto`.";
    "listen" [] Listen Honoured =>
        "Sockets that it is given, as `LISTEN_FDS` tells it: ports, as `3013` (all addresses), \
         addresses, as `127.0.0.1:3013` or `[::1]:80`, or files, as `unix:/run/x.sock`, relative \
         to `cwd`.";
    "watch" [] Watch Unserved => "Restart it when files change.";
    "ignore_watch" [] List Unserved => "Which files may change.";
    "watch_delay" [] Span Unserved => "How long to wait after a change.";
    "watch_options" [] Object Unserved => "How to watch.";
    "ext" [] Text Unserved => "Watch only files with these endings.";
    "uid" ["user"] User Honoured => "As whom it runs, by name or number; only root may say so.";
    "gid" [] User Honoured => "Its primary group, by name or number; by default that of its user.";
    "username" [] Text Silent => "Who started it, for people.";
    "force" [] Bool Moot("names are unique") => "Start it although it runs already.";
    "name_prefix" [] Text Moot("PM2 takes it from programs only") => "What its name begins with.";
    "vizion" [] Bool Moot("nobody looks for git data") => "Show git data of its folder.";
    "post_update" [] List Unserved => "Commands after an update of its folder.";
    "source_map_support" [] Bool Moot("node does it with `--enable-source-maps`") =>
        "Map stack traces to their sources.";
    "disable_source_map_support" [] Bool Silent => "Do not map stack traces to their sources.";
    "pmx" [] TextOrBool Moot("nothing is put into the program") => "Measure inside the program.";
    "automation" [] Bool Moot("nothing is put into the program") => "Measure inside the program.";
    "trace" [] Bool Moot("nothing is put into the program") => "Trace requests.";
    "disable_trace" [] Bool Silent => "Do not trace requests.";
    "v8" [] Bool Moot("nothing is put into the program") => "Measure the engine.";
    "event_loop_inspector" [] Bool Moot("nothing is put into the program") =>
        "Measure the event loop.";
    "deep_monitoring" [] Bool Moot("nothing is put into the program") =>
        "Measure inside the program.";
    "io" [] Object Moot("nothing is put into the program") => "Settings of measuring.";
    "install_url" [] Text Moot("there are no modules to install") => "Where a module is from.";
    "write" [] Bool Moot("PM2 takes it from the command line only") =>
        "Write a configuration file.";
    "windowsHide" [] Bool Silent => "Hide windows on Windows.";
    "pmx_module" [] Bool Moot("there are no modules") => "The app is a module of PM2.";
}
