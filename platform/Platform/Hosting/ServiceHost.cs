using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Hikyaku.Platform;

/// <summary>What every service's Program has in common: strict JSON, problems, access, health.</summary>
public static class ServiceHost
{
    /// <summary>The largest body of a request, in bytes, where its endpoint does not say otherwise (<see cref="IRequestSizeLimitMetadata"/>).</summary>
    public const int MaxBodyBytes = 1 << 20;

    /// <summary>The largest body of this request, in bytes.</summary>
    public static int MaxBodyBytesOf(HttpContext http)
    {
        ArgumentNullException.ThrowIfNull(http);
        return (int)(http.GetEndpoint()?.Metadata.GetMetadata<IRequestSizeLimitMetadata>()?.MaxRequestBodySize ?? MaxBodyBytes);
    }

    /// <summary>Registers it.</summary>
    public static void AddServiceHost(this WebApplicationBuilder builder, string name)
    {
        builder.AddTelemetry(name);
        builder.WebHost.ConfigureKestrel(o => { o.AddServerHeader = false; o.Limits.MaxRequestBodySize = MaxBodyBytes; });
        var services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.AddHostedService<DatabaseAtStart>();
        services.AddSingleton<InternalTokenReader>();
        services.AddSingleton<NodeCredentials>();
        services.AddSingleton<SecretBox>();
        services.AddExceptionHandler<ProblemExceptionHandler>();
        services.AddProblemDetails();
        services.Configure<RouteHandlerOptions>(o => o.ThrowOnBadRequest = true);
        services.ConfigureHttpJsonOptions(o =>
        {
            o.SerializerOptions.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
            o.SerializerOptions.AllowDuplicateProperties = false;
            o.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
            o.SerializerOptions.ReadCommentHandling = JsonCommentHandling.Disallow;
            o.SerializerOptions.MaxDepth = 16;
        });
    }

    /// <summary>Puts the pipeline together; endpoints come after.</summary>
    public static void UseServiceHost(this WebApplication app)
    {
        app.UseExceptionHandler();
        app.UseStatusCodePages(context => StatusProblem(context.HttpContext)?.ExecuteAsync(context.HttpContext) ?? Task.CompletedTask);
        app.UseRouting();
        app.UseAccess();
        app.Use((http, next) =>
        {
            // The body of a request with a key is hashed after it was read. It stays in memory, and never goes to a file, because it may hold a password.
            if (http.Request.Headers.ContainsKey("Idempotency-Key")) http.Request.EnableBuffering(MaxBodyBytesOf(http));
            return next(http);
        });
        app.MapHealth();
    }

    /// <summary>Runs the program until it is told to stop, also while it still waits for its database.</summary>
    public static async Task RunToEndAsync(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        var stopping = app.Lifetime.ApplicationStopping;
        try
        {
            await app.RunAsync();
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // stopped before the start was complete
        }
    }

    /// <summary>A group for commands: what they change is saved by <see cref="CommandFilter"/>.</summary>
    public static RouteGroupBuilder MapCommands(this IEndpointRouteBuilder app, string prefix)
    {
        var filter = new CommandFilter(app.ServiceProvider.GetRequiredService<SecretBox>());
        return app.MapGroup(prefix).AddEndpointFilter(filter);
    }

    private static IResult? StatusProblem(HttpContext http) => http.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound => Problems.Of(PlatformProblems.NotFound),
        StatusCodes.Status405MethodNotAllowed => Problems.Of(PlatformProblems.MethodNotAllowed),
        StatusCodes.Status413PayloadTooLarge => Problems.Of(PlatformProblems.TooLarge, null, ("max", MaxBodyBytesOf(http))),
        StatusCodes.Status415UnsupportedMediaType => Problems.Of(PlatformProblems.UnsupportedMediaType),
        _ => null,
    };
}
