using System.CommandLine;
using Hikyaku.CommandLine.Api;
using Hikyaku.CommandLine.Output;

namespace Hikyaku.CommandLine.Nodes;

/// <summary><c>hikyaku node list</c>: the mail nodes, and how far each is behind.</summary>
internal static class ListNodes
{
    /// <summary>The command.</summary>
    public static Command Create(CommandRuns runs) => runs.Act(new Command("list", CommandTexts.NodeList), async (run, stop) =>
    {
        var nodes = await run.Api.GetAsync("nodes", stop); // never paged
        run.Output.Answer(
            new Listing([.. nodes.Items("items")], HasMore: false, []),
            [
                CommandTexts.Node, CommandTexts.State, new(CommandTexts.LagSeconds, IsNumber: true), new(CommandTexts.LagEvents, IsNumber: true), new(CommandTexts.Position, IsNumber: true),
                new(CommandTexts.Accounts, IsNumber: true), CommandTexts.Lease, CommandTexts.Servers,
            ],
            n =>
            [
                n.Text("name"), n.Text("state"), n.Field("lag").Text("seconds"), n.Field("lag").Text("events"), n.Text("position"), n.Text("accounts"), run.Output.Time(n.Text("leaseUntil")),
                string.Join(", ", n.Fields("servers").Select(s => $"{s.Key} {s.Value}")),
            ]);
    });
}
