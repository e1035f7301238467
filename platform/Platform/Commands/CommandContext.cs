using System.Globalization;
using System.Reflection;
using System.Text;
using JasperFx.Events;
using Marten;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Hikyaku.Platform;

/// <summary>
/// What a command's endpoint works with: who asks, about what, when, and one unit of work that
/// <see cref="CommandFilter"/> saves, or tries again from the start when somebody else was faster.
/// </summary>
public sealed class CommandContext : IAsyncDisposable
{
    private readonly HttpContext _http;
    private readonly IDocumentStore _store;
    private IDocumentSession? _session;

    private CommandContext(HttpContext http)
    {
        _http = http;
        _store = http.RequestServices.GetRequiredService<IDocumentStore>();
        (Caller, Target) = http.Asking();
        Now = http.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow();
        IfMatchIsReadable = TryReadIfMatch(http.Request, out var version);
        IfMatch = version;
    }

    /// <summary>Who asks.</summary>
    public Caller Caller { get; }

    /// <summary>The account it is about, when the path names one.</summary>
    public Target? Target { get; }

    /// <summary>The one 'now' of this command, in UTC.</summary>
    public DateTimeOffset Now { get; }

    /// <summary>The version that the caller has read; null when it does not matter to them.</summary>
    public long? IfMatch { get; }

    /// <summary>The unit of work.</summary>
    public IDocumentSession Session => _session ?? throw new InvalidOperationException("The command filter has not begun");

    internal bool IfMatchIsReadable { get; }

    /// <summary>Called by ASP.NET Core for a handler's parameter.</summary>
    public static ValueTask<CommandContext?> BindAsync(HttpContext http, ParameterInfo parameter)
    {
        var context = new CommandContext(http);
        http.Response.RegisterForDisposeAsync(context);
        return ValueTask.FromResult<CommandContext?>(context);
    }

    /// <summary>Tells the gateway that the current password that came along was wrong: it counts as a failed login.</summary>
    public void TellWrongPassword(string password)
    {
        var box = _http.RequestServices.GetRequiredService<SecretBox>();
        var hash = box.Hash(Encoding.UTF8.GetBytes($"{Caller.Login}\n{password}"));
        _http.Response.Headers[InternalHeaders.WrongPassword] = Convert.ToHexStringLower(hash.AsSpan(0, 8));
    }

    /// <summary>
    /// Ends a command on one stream: 412 when the caller's version is not the stream's, the refusal when it was rejected,
    /// else the events are appended and the new state is answered.
    /// </summary>
    public IResult Conclude<TState>(IEventStream<TState> stream, Decision decision, Func<TState, long, Answer> answer)
        where TState : class, IState<TState>
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(decision);
        ArgumentNullException.ThrowIfNull(answer);
        var version = stream.CurrentVersion ?? 0;
        if (IfMatch is { } wanted && wanted != version) return Problems.Of(PlatformProblems.Stale);
        if (!decision.Accepted) return Problems.Of(decision.Rejections);
        if (!decision.Events.IsEmpty) stream.AppendMany(decision.Events);
        var state = decision.Events.Aggregate(stream.Aggregate, TState.Evolve);
        return answer(state!, version + decision.Events.Length);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _session?.DisposeAsync() ?? ValueTask.CompletedTask;

    /// <param name="queue">What commands that were overtaken wait for, so that they take turns; null at the first attempt.</param>
    internal async Task BeginAsync(string? queue)
    {
        if (_session is not null) await _session.DisposeAsync();
        _session = _store.LightweightSession();
        EventHeaders.Stamp(_session, Caller);
        if (queue is null) return;
        await _session.BeginTransactionAsync(CancellationToken.None);
        await using var turn = new Npgsql.NpgsqlCommand("select pg_advisory_xact_lock(hashtextextended($1, 1))");
        turn.Parameters.Add(new() { Value = queue });
        await _session.ExecuteAsync(turn);
    }

    private static bool TryReadIfMatch(HttpRequest request, out long? version)
    {
        version = null;
        var text = request.Headers.IfMatch.ToString();
        if (text is "" or "*") return true;
        if (text.Length <= 2 || text[0] != '"' || text[^1] != '"') return false;
        if (!long.TryParse(text.AsSpan(1, text.Length - 2), NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return false;
        version = number;
        return true;
    }
}
