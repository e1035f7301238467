using System.CommandLine;
using System.Globalization;
using Hikyaku.CommandLine.Api;
using Hikyaku.CommandLine.Output;

namespace Hikyaku.CommandLine;

/// <summary>One command that runs: what was typed, the API, and where its answer goes.</summary>
internal sealed record CommandRun(ParseResult Typed, ApiClient Api, Printer Output, Surroundings Surroundings);

/// <summary>Runs commands with the API.</summary>
internal sealed class CommandRuns(Surroundings surroundings, Option<bool> json)
{
    /// <summary>Says what a command does. Address and token are read when it runs, so that help and completion need neither.</summary>
    public Command Act(Command command, Func<CommandRun, CancellationToken, Task<int>> act)
    {
        command.SetAction(async (typed, stop) =>
        {
            var (address, token) = ApiAccess.Read(surroundings);
            using var api = new ApiClient(address, token);
            return await act(new(typed, api, new(surroundings.Out, surroundings.Error, surroundings.Zone, typed.GetValue(json)), surroundings), stop);
        });
        return command;
    }

    /// <summary>The same for a command that is done when it returns.</summary>
    public Command Act(Command command, Func<CommandRun, CancellationToken, Task> act) => Act(command, async (run, stop) =>
    {
        await act(run, stop);
        return ExitCodes.Done;
    });
}

/// <summary>What several commands are given.</summary>
internal static class Inputs
{
    private const int MostItems = 10_000;

    /// <summary>A mail address.</summary>
    public static Argument<string> Address()
    {
        var address = new Argument<string>("ADDRESS") { Description = CommandTexts.AddressArgument };
        address.Validators.Add(result =>
        {
            if (result.Tokens is [var typed] && typed.Value.IndexOf('@', StringComparison.Ordinal) < 1) result.AddError(Texts.Fill(CommandTexts.NoAddress, typed.Value));
        });
        return address;
    }

    /// <summary>A name or an id, which becomes a part of a path.</summary>
    public static Argument<string> Name(string name, string description)
    {
        var argument = new Argument<string>(name) { Description = description };
        argument.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: "" or "." or ".." } typed]) result.AddError(Texts.Fill(CommandTexts.NoName, typed.Value));
        });
        return argument;
    }

    /// <summary>How many items of a list at most.</summary>
    public static Option<int> Limit(int usual)
    {
        var limit = new Option<int>("--limit") { Description = CommandTexts.LimitOption, DefaultValueFactory = _ => usual, HelpName = "N" };
        limit.Validators.Add(result =>
        {
            if (result.Tokens is [var typed] && !(int.TryParse(typed.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n is >= 1 and <= MostItems))
                result.AddError(Texts.Fill(CommandTexts.NoLimit, MostItems));
        });
        return limit;
    }

    /// <summary>A time in the past.</summary>
    public static Option<string> At() => new("--at") { Description = CommandTexts.AtOption, HelpName = "TIME" };
}
