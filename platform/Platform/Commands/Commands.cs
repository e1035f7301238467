using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using JasperFx.Events;
using Marten;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Hikyaku.Platform;

/// <summary>The state of a stream: what its events add up to.</summary>
/// <typeparam name="TSelf">The state itself.</typeparam>
public interface IState<TSelf> where TSelf : class, IState<TSelf>
{
    /// <summary>Folds one event in. Pure.</summary>
    static abstract TSelf? Evolve(TSelf? state, object e);
}

/// <summary>An answer with a JSON body, the resource's version as ETag, and a Location where something was made.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Body">Null for none.</param>
/// <param name="Version">The stream's version, for If-Match.</param>
/// <param name="Location">Where the new resource is.</param>
public sealed record Answer(int Status, object? Body = null, long? Version = null, string? Location = null) : IResult, IStatusCodeHttpResult
{
    /// <summary>How every answer is written: web casing, nothing for null, readable Japanese.</summary>
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    int? IStatusCodeHttpResult.StatusCode => Status;

    /// <inheritdoc/>
    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = Status;
        if (Version is { } version) response.Headers.ETag = string.Create(CultureInfo.InvariantCulture, $"\"{version}\"");
        if (Location is not null) response.Headers.Location = Location;
        return Body is null ? Task.CompletedTask : response.WriteAsJsonAsync(Body, Body.GetType(), Json, "application/json", httpContext.RequestAborted);
    }
}

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

/// <summary>What was answered to an Idempotency-Key (kept for <see cref="Kept"/>).</summary>
public sealed record IdempotencyRecord
{
    /// <summary>How long an answer is repeated.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromHours(24);

    /// <summary>Keyed hash of caller, method, path and key.</summary>
    public required string Id { get; init; }

    /// <summary>Keyed hash of the request's body.</summary>
    public required string BodyHash { get; init; }

    /// <summary>The sealed answer.</summary>
    public required byte[] Sealed { get; init; }

    /// <summary>When it was answered.</summary>
    public required DateTimeOffset At { get; init; }
}

/// <summary>
/// Saves what a command's endpoint did, in one transaction with the idempotency record; begins again when the stream was
/// changed meanwhile. Goes on every endpoint that has a <see cref="CommandContext"/>.
/// </summary>
public sealed class CommandFilter(SecretBox box) : IEndpointFilter
{
    private const int MaxAttempts = 8;

    /// <inheritdoc/>
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        var command = context.Arguments.OfType<CommandContext>().Single();
        if (!command.IfMatchIsReadable) return Problems.Of(PlatformProblems.BadParameter, null, ("name", "If-Match"));
        var key = HttpMethods.IsPost(http.Request.Method) ? http.Request.Headers["Idempotency-Key"].ToString() : "";
        if (key.Length > 200) return Problems.Of(PlatformProblems.BadParameter, null, ("name", "Idempotency-Key"));

        for (var attempt = 1; ; attempt++)
        {
            await command.BeginAsync(attempt == 1 ? null : http.Request.Path.Value);
            try
            {
                return key.Length == 0
                    ? await RunAsync(context, next, command)
                    : await RunOnceAsync(context, next, command, key);
            }
            catch (Exception e) when (WasOvertaken(e))
            {
                if (command.IfMatch is not null) return Problems.Of(PlatformProblems.Stale);
                if (attempt == MaxAttempts) return Problems.Of(PlatformProblems.Conflict);
            }
        }
    }

    private static async Task<object?> RunAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next, CommandContext command)
    {
        var result = await next(context);
        // Not the request's own cancellation: a caller who hangs up does not undo half a command.
        if (result is Answer) await command.Session.SaveChangesAsync(CancellationToken.None);
        return result;
    }

    private async Task<object?> RunOnceAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next, CommandContext command, string key)
    {
        var request = context.HttpContext.Request;
        var id = Hash($"{command.Caller.Role}\n{command.Caller.Login}\n{request.Method}\n{request.Path}\n{key}");
        request.Body.Position = 0; // buffered by ServiceHost
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body, context.HttpContext.RequestAborted);
        var bodyHash = Convert.ToHexStringLower(box.Hash(body.ToArray()));

        await command.Session.BeginTransactionAsync(context.HttpContext.RequestAborted);
        if (!await LockAsync(command.Session, id)) return Problems.Of(PlatformProblems.KeyInUse);
        if (await command.Session.LoadAsync<IdempotencyRecord>(id) is { } first && command.Now - first.At < IdempotencyRecord.Kept)
        {
            return first.BodyHash == bodyHash
                ? StoredAnswer.Open(first, box)
                : Problems.Of(PlatformProblems.KeyReused);
        }

        var result = await next(context);
        if (result is not IStatusCodeHttpResult { StatusCode: < 500 } || result is not IResult answer) return result;
        if (result is not Answer) command.Session.EjectAllPendingChanges(); // a refusal is kept, what came before it is not
        var stored = await StoredAnswer.RenderAsync(answer, context.HttpContext);
        command.Session.Store(new IdempotencyRecord { Id = id, BodyHash = bodyHash, Sealed = stored.Seal(box), At = command.Now });
        await command.Session.SaveChangesAsync(CancellationToken.None);
        return stored;
    }

    private static async Task<bool> LockAsync(IDocumentSession session, string id)
    {
        await using var command = new Npgsql.NpgsqlCommand("select pg_try_advisory_xact_lock(hashtextextended($1, 0))");
        command.Parameters.Add(new() { Value = id });
        await using var reader = await session.ExecuteReaderAsync(command);
        await reader.ReadAsync();
        return reader.GetBoolean(0);
    }

    private string Hash(string text) => Convert.ToHexStringLower(box.Hash(Encoding.UTF8.GetBytes(text)));

    private static bool WasOvertaken(Exception e)
        => e is JasperFx.ConcurrencyException or JasperFx.Events.ExistingStreamIdCollisionException or Marten.Exceptions.ExistingStreamIdCollisionException
            or JasperFx.DocumentAlreadyExistsException
            || e is Npgsql.PostgresException { SqlState: "23505" or "40001" or "40P01" }
            || (e.InnerException is { } inner && WasOvertaken(inner));
}

/// <summary>An answer as bytes, so that it can be given again to the letter.</summary>
internal sealed record StoredAnswer(int Status, string? ContentType, string? ETag, string? Location, string? Language, byte[] Body) : IResult
{
    public static StoredAnswer Open(IdempotencyRecord record, SecretBox box)
        => JsonSerializer.Deserialize<StoredAnswer>(box.Open(record.Sealed))!;

    public static async Task<StoredAnswer> RenderAsync(IResult result, HttpContext asked)
    {
        using var body = new MemoryStream();
        var scratch = new DefaultHttpContext { RequestServices = asked.RequestServices };
        scratch.Request.Headers.AcceptLanguage = asked.Request.Headers.AcceptLanguage;
        scratch.Response.Body = body;
        await result.ExecuteAsync(scratch);
        var response = scratch.Response;
        return new(response.StatusCode, response.ContentType, Header(response.Headers.ETag), Header(response.Headers.Location),
            Header(response.Headers.ContentLanguage), body.ToArray());
    }

    public byte[] Seal(SecretBox box) => box.Seal(JsonSerializer.SerializeToUtf8Bytes(this));

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = Status;
        response.ContentType = ContentType;
        if (ETag is not null) response.Headers.ETag = ETag;
        if (Location is not null) response.Headers.Location = Location;
        if (Language is not null) response.Headers.ContentLanguage = Language;
        if (Body.Length > 0) await response.Body.WriteAsync(Body, httpContext.RequestAborted);
    }

    [return: NotNullIfNotNull(nameof(value))]
    private static string? Header(string? value) => string.IsNullOrEmpty(value) ? null : value;
}
