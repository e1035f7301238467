using System.Globalization;
using JasperFx.Events.Projections;
using Marten;
using Microsoft.AspNetCore.Builder;
using Npgsql;

namespace Hikyaku.Platform;

/// <summary>
/// What a service says so that its program has the verbs <c>verify</c> and <c>rebuild</c>: <c>Routing verify --wait 60</c> and
/// <c>Routing rebuild</c>, with the settings that it runs with (<c>ConnectionStrings__Postgres</c> in the environment), while it runs.
/// </summary>
/// <param name="Service">The service's name.</param>
/// <param name="Store">Configures the service's event store, as it does when it runs.</param>
public sealed record ServiceVerbs(string Service, Action<StoreOptions, ProjectionLifecycle> Store)
{
    /// <summary>The tables that projections write, beside the snapshots and the list of jobs.</summary>
    public IReadOnlyList<ReadModel> ReadModels { get; init; } = [];

    /// <summary>SQL that changes the rebuilt tables, all in the schema <see cref="RebuildReadModels.Schema"/>, where events do not say everything; null for none.</summary>
    public string? AfterReplay { get; init; }

    /// <summary>Makes the checks of one look, where the service keeps something beside its streams.</summary>
    public Func<StreamChecks> Checks { get; init; } = () => new StreamChecks();

    /// <summary>What is asked beside the platform's own questions.</summary>
    public IReadOnlyList<Question> Questions { get; init; } = [];

    /// <summary>Runs the program, or the verb that its first argument names.</summary>
    /// <param name="args">The program's arguments.</param>
    /// <param name="build">Puts the program together.</param>
    /// <returns>Of <c>verify</c>: 0 when everything agrees, 1 when something does not, 2 when it could not look. Of <c>rebuild</c>: 1 when another one is under way.</returns>
    public async Task<int> RunAsync(string[] args, Func<string[], WebApplication> build)
    {
        ArgumentNullException.ThrowIfNull(build);
        switch (args)
        {
            case ["verify"]:
                return await VerifyAsync(TimeSpan.FromSeconds(30));
            case ["verify", "--wait", var text] when double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds):
                return await VerifyAsync(TimeSpan.FromSeconds(seconds));
            case ["rebuild"]:
                return await RebuildReadModels.PrintAsync(this, Postgres);
            case ["verify" or "rebuild", ..]:
                await Console.Error.WriteLineAsync("verify [--wait SECONDS] or rebuild");
                return 2;
            default:
                await build(args).RunToEndAsync();
                return 0;
        }
    }

    private static string Postgres => Environment.GetEnvironmentVariable("ConnectionStrings__Postgres") ?? throw new InvalidOperationException("ConnectionStrings__Postgres is not set");

    private async Task<int> VerifyAsync(TimeSpan wait)
    {
        try
        {
            return (await VerifyStreams.RunAsync(this, Postgres, wait, CancellationToken.None)).Print($"{Service}: ");
        }
        catch (Exception e) when (e is NpgsqlException or IOException or TimeoutException)
        {
            await Console.Error.WriteLineAsync($"The database cannot be read: {e.Message}");
            return 2;
        }
    }
}
