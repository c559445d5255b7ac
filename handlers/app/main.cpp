// The command line: what can be said, and what it calls.
#include "handlers/app/commands.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>

int main(int argc, char** argv) {
    using namespace mira::app;
    CLI::App app{"Mira receives webhooks: proves that they are genuine, makes them durable, then says so."};
    app.name("mira");
    app.require_subcommand(1);
    app.set_version_flag("--version", "mira " MIRA_VERSION);
    app.footer("Run \"mira COMMAND --help\" for a command's options.");
    int code = 0;

    serve_options serving;
    CLI::App* const serve_command =
        app.add_subcommand("serve", "Receive webhooks until SIGTERM; SIGHUP reloads the configuration");
    serve_command->add_option("-c,--config", serving.config, "Configuration file (JSON with comments)")
        ->capture_default_str();
    serve_command->add_option("-p,--port", serving.port,
                              "Port to listen on, instead of webhook.port; 0 = any free one");
    serve_command->add_option("-d,--data", serving.data_dir, "Data directory, instead of data.dir");
    serve_command->add_flag("--salvage", serving.salvage,
                            "Set damaged journal segments aside and go on with every readable event");
    serve_command->add_flag("--takeover", serving.takeover,
                            "Bind beside the process that runs on the same data, and go on when it ends");
    serve_command->callback([&] { code = serve(serving); });

    check_options checking;
    CLI::App* const check_command =
        app.add_subcommand("check", "Check a configuration and print it resolved, secrets masked");
    check_command->add_option("-c,--config", checking.config, "Configuration file")->capture_default_str();
    check_command->add_flag("--settings", checking.list_settings,
                            "Print every setting with its type, bounds and default");
    check_command->add_flag("-q,--quiet", checking.quiet, "Print problems only");
    check_command->callback([&] { code = check(checking); });

    CLI::App* const version_command = app.add_subcommand("version", "Print the version");
    version_command->callback([] { std::puts("mira " MIRA_VERSION); });

    CLI::App* const journal =
        app.add_subcommand("journal", "Look into a journal directory, without a running Mira");
    journal->require_subcommand(1);
    std::string dir;
    const auto add_dir = [&dir](CLI::App* c) {
        c->add_option("DIR", dir, "Journal directory (DATA/journal)")
            ->required()
            ->check(CLI::ExistingDirectory);
    };
    CLI::App* const verify =
        journal->add_subcommand("verify", "Check every record; exit code 1 where something is unsound");
    add_dir(verify);
    verify->callback([&] { code = verify_journal(dir); });

    bool json = false;
    CLI::App* const dump = journal->add_subcommand(
        "dump", "Print every event, oldest first; exit code 1 where something is unsound");
    add_dir(dump);
    dump->add_flag("--json", json, "One JSON object a line, with headers and body");
    dump->callback([&] { code = dump_journal(dir, json); });

    std::string id;
    CLI::App* const find = journal->add_subcommand("find", "Print one event by its id, as JSON");
    add_dir(find);
    find->add_option("ID", id, "Event id (evt_...)")->required();
    find->callback([&] { code = find_in_journal(dir, id); });

    CLI::App* const salvage =
        journal->add_subcommand("salvage", "Set damaged segments aside and keep every readable event");
    add_dir(salvage);
    salvage->callback([&] { code = salvage_journal(dir); });

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        // Help and version are answers, not mistakes.
        return app.exit(e) == 0 ? 0 : 2;
    }
    return code;
}
