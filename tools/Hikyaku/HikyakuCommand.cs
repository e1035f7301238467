using System.CommandLine;
using System.CommandLine.Invocation;
using System.Globalization;
using Hikyaku.CommandLine.Accounts;
using Hikyaku.CommandLine.Api;
using Hikyaku.CommandLine.Completion;
using Hikyaku.CommandLine.Domains;
using Hikyaku.CommandLine.Events;
using Hikyaku.CommandLine.Jobs;
using Hikyaku.CommandLine.Nodes;
using Hikyaku.CommandLine.Output;

namespace Hikyaku.CommandLine;

/// <summary>All commands, and what the process ends with.</summary>
public static class HikyakuCommand
{
    /// <summary>Runs one command.</summary>
    /// <returns>One of <see cref="ExitCodes"/>.</returns>
    public static async Task<int> RunAsync(string[] args, Surroundings surroundings, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(surroundings);
        (CultureInfo.CurrentCulture, CultureInfo.CurrentUICulture) = (CultureInfo.InvariantCulture, surroundings.Language);
        // Without response files: an argument that begins with @ is text.
        var parsed = Create(surroundings).Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        var wrong = parsed.Action as ParseErrorAction;
        if (wrong is not null) wrong.ShowHelp = parsed.CommandResult.Command.Subcommands.Count > 0;
        var errors = new Printer(surroundings.Error, surroundings.Error, surroundings.Zone, isJson: false);
        try
        {
            var code = await parsed.InvokeAsync(
                new InvocationConfiguration { Output = wrong is null ? surroundings.Out : surroundings.Error, Error = surroundings.Error, EnableDefaultExceptionHandler = false }, stop);
            return wrong is null ? code : ExitCodes.Usage;
        }
        catch (UsageException e)
        {
            errors.Note(e.Message);
            return ExitCodes.Usage;
        }
        catch (ApiRefusalException e)
        {
            foreach (var line in e.Lines) errors.Note(line);
            return ExitCodes.Refused;
        }
        catch (ApiUnreachableException e)
        {
            errors.Note(e.Message);
            return ExitCodes.Unreachable;
        }
        catch (OutputClosedException)
        {
            return ExitCodes.Done; // who reads has had enough
        }
        catch (OperationCanceledException)
        {
            return ExitCodes.Interrupted;
        }
    }

    /// <summary>All commands.</summary>
    internal static RootCommand Create(Surroundings surroundings)
    {
        var json = new Option<bool>("--json") { Description = CommandTexts.JsonOption, Recursive = true };
        var runs = new CommandRuns(surroundings, json);
        return new RootCommand(CommandTexts.Root)
        {
            json,
            new Command("account", CommandTexts.AccountGroup)
            {
                ShowAccount.Create(runs), FindAccounts.Create(runs), UnlockAccount.Create(runs), AccountHistory.Create(runs), TraceMessage.Create(runs),
            },
            new Command("domain", CommandTexts.DomainGroup) { ListDomains.Create(runs), ShowDomain.Create(runs), DomainDns.Create(runs) },
            new Command("job", CommandTexts.JobGroup) { ListJobs.Create(runs), ShowJob.Create(runs), CancelJob.Create(runs), FollowJob.Create(runs) },
            new Command("node", CommandTexts.NodeGroup) { ListNodes.Create(runs) },
            FollowEvents.Create(runs),
            CompletionScript.Create(surroundings),
        };
    }
}
