using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.DependencyInjection;

namespace Hikyaku.Platform;

/// <summary>The OpenAPI document of a deployable.</summary>
public static class ApiDescription
{
    /// <summary>
    /// Adds it. An operation's summary is what the endpoint says of itself; what its handler's documentation says to a reader of
    /// the code would stand there otherwise.
    /// </summary>
    public static IServiceCollection AddApiDescription(this IServiceCollection services)
        => services.AddOpenApi(document => document.AddOperationTransformer((operation, context, _) =>
        {
            operation.Summary = context.Description.ActionDescriptor.EndpointMetadata.OfType<IEndpointSummaryMetadata>().LastOrDefault()?.Summary;
            return Task.CompletedTask;
        }));
}
