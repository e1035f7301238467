using System.Text;
using Marten;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Net.Http.Headers;

namespace Hikyaku.Platform;

/// <summary>
/// Saves what a command's endpoint did, in one transaction with the idempotency record; begins again when the stream was
/// changed meanwhile. Goes on every endpoint that has a <see cref="CommandContext"/>.
/// </summary>
public sealed class CommandFilter(SecretBox box) : IEndpointFilter
{
    private const int MaxAttempts = 8;
    private const int MaxKey = 200;

    /// <inheritdoc/>
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        var command = context.Arguments.OfType<CommandContext>().Single();
        if (!command.IfMatchIsReadable) return Problems.Of(PlatformProblems.BadParameter, null, ("name", "If-Match"));
        var dryRun = http.GetEndpoint()?.Metadata.GetMetadata<DryRun>() is not null && http.Request.Query["dryRun"] == "true";
        var key = !dryRun && HttpMethods.IsPost(http.Request.Method) ? http.Request.Headers["Idempotency-Key"].ToString() : "";
        if (key.Length > MaxKey) return Problems.Of(PlatformProblems.KeyTooLong, null, ("max", MaxKey), ("n", key.Length));

        for (var attempt = 1; ; attempt++)
        {
            await command.BeginAsync(attempt == 1 ? null : http.Request.Path.Value);
            if (!await MayBeSavedAsync(http, command)) return Problems.Of(PlatformProblems.NotFound);
            try
            {
                if (dryRun) return await next(context); // what it would have saved goes with the session
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

    // For a participant of deletions: from here on the erasure of the account waits for this command.
    private static async Task<bool> MayBeSavedAsync(HttpContext http, CommandContext command)
        => command.Target is not { } target || http.RequestServices.GetService<ErasedAccounts>() is null
            || await ErasedAccounts.HoldAsync(command.Session, target.AccountId, http.RequestAborted);

    private static async Task<object?> RunAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next, CommandContext command)
    {
        var result = await next(context);
        // The request's cancellation does not count: a command is saved even if its caller has hung up.
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
        var bodyHash = Convert.ToHexStringLower(box.Hash(Compared(request.ContentType, body.ToArray())));

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

    // What makes a body the same as another one: its bytes, and the charset in which it is declared to be. JSON is in UTF-8 unless it says
    // otherwise. Of a form the charsets are within the body; every client makes a new boundary for each, and only what is between counts.
    private static byte[] Compared(string? contentType, byte[] body)
    {
        if (!MediaTypeHeaderValue.TryParse(contentType, out var type)) return body;
        if (type.MediaType.StartsWith("multipart/", StringComparison.OrdinalIgnoreCase))
        {
            var boundary = HeaderUtilities.RemoveQuotes(type.Boundary).ToString();
            return boundary.Length == 0 ? body : Encoding.Latin1.GetBytes(Encoding.Latin1.GetString(body).Replace($"--{boundary}", "--", StringComparison.Ordinal));
        }

        var charset = HeaderUtilities.RemoveQuotes(type.Charset).ToString().ToLowerInvariant();
        var isUsual = charset.Length == 0 || (charset == "utf-8" && type.MediaType.EndsWith("json", StringComparison.OrdinalIgnoreCase));
        return isUsual ? body : [.. body, .. Encoding.UTF8.GetBytes($"\ncharset={charset}")];
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

/// <summary>Marks a command that <c>?dryRun=true</c> only judges: the answer and the problems are the same, and nothing is stored.</summary>
public sealed class DryRun;
